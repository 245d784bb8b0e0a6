-- name: all_as_new_songs
-- purpose: For a rebuild: everything that is staged stands for the records of the load.
CREATE TEMPORARY VIEW new_songs AS
SELECT *
FROM staging_songs
