-- name: none_displaced_songs
-- purpose: For a rebuild: no staged record yields.
CREATE TEMPORARY TABLE displaced_songs AS
SELECT *
FROM staging_songs
WHERE FALSE
