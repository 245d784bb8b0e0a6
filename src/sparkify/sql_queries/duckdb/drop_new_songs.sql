-- name: drop_new_songs
-- purpose: Remove what a load has read, published or not.
DROP TABLE IF EXISTS new_songs
