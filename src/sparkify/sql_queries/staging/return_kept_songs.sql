-- name: return_kept_songs
-- purpose: Put the one new record of a repeated key that stays back into the load.
-- when: songs
INSERT INTO new_songs (
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location, artist_name,
    song_id, title, duration, year, source_file
)
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
    year,
    source_file
FROM ranked_songs
WHERE outcome = 'kept'
