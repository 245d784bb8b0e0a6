-- name: convert_songs
-- purpose: The songs of this load as they are staged; the statement fails on a record that breaks
--   a rule, which COPY would let pass.
-- grain: one record of a song file
CREATE TEMPORARY TABLE new_songs AS
SELECT
    num_songs,
    RTRIM(artist_id) AS artist_id,
    artist_latitude,
    artist_longitude,
    RTRIM(artist_location) AS artist_location,
    RTRIM(artist_name) AS artist_name,
    RTRIM(song_id) AS song_id,
    RTRIM(title) AS title,
    duration,
    year,
    CAST(NULL AS INTEGER) AS source_file,
    CAST(
        CASE
            WHEN
                COALESCE(num_songs, 0) BETWEEN 0 AND 9999
                AND COALESCE(artist_latitude, 0) BETWEEN -90 AND 90
                AND COALESCE(artist_longitude, 0) BETWEEN -180 AND 180
                AND COALESCE(year, 0) BETWEEN 0 AND 9999
                AND duration BETWEEN 0 AND 86400
                AND RTRIM(artist_id) <> ''
                AND RTRIM(song_id) <> ''
                AND RTRIM(title) <> ''
                THEN '1'
            ELSE 'a song breaks a rule'
        END AS INTEGER
    ) AS keeps_rules
FROM copied_songs
