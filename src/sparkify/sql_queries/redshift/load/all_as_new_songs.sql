-- name: all_as_new_songs
-- purpose: For a rebuild: everything that is staged stands for the records of the load.
CREATE TEMPORARY TABLE new_songs AS
SELECT
    num_songs,
    artist_id,
    artist_latitude,
    artist_longitude,
    artist_location,
    artist_name,
    song_id,
    title,
    duration,
    year
FROM staging_songs
