-- name: drop_view_new_songs
-- purpose: Remove the view that stands for the records of a load, if there is one.
DROP VIEW IF EXISTS new_songs
