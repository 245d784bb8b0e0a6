-- name: displaced_songs
-- purpose: The staged records that yield to a greater one of this load.
-- grain: one staged song: song_id
CREATE TEMPORARY TABLE displaced_songs AS
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
FROM ranked_songs
WHERE outcome = 'displaced'
