-- name: songs_in_range
-- purpose: Durations, years and coordinates of staged songs are within their ranges.
-- severity: fail
SELECT
    song_id,
    duration,
    year,
    artist_latitude,
    artist_longitude
FROM staging_songs
WHERE
    duration < 0
    OR duration > 86400
    OR year < 0
    OR year > 9999
    OR artist_latitude < -90
    OR artist_latitude > 90
    OR artist_longitude < -180
    OR artist_longitude > 180
