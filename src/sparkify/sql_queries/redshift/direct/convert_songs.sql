-- name: convert_songs
-- purpose: The songs of this load as they are staged; the statement fails on a record that breaks
--   a rule, which COPY would let pass, and on one that COPY may have written otherwise than its
--   file does.
-- note: `+ 0` makes 0.0 of -0.0, as on DuckDB.
-- grain: one record of a song file
CREATE TEMPORARY TABLE new_songs AS
SELECT
    CAST(num_songs AS INTEGER) AS num_songs,
    artist_id,
    artist_latitude + 0 AS artist_latitude,
    artist_longitude + 0 AS artist_longitude,
    artist_location,
    artist_name,
    song_id,
    title,
    duration + 0 AS duration,
    CAST(year AS INTEGER) AS year,
    CAST(NULL AS INTEGER) AS source_file,
    CAST(
        CASE
            WHEN
                COALESCE(num_songs, 0) BETWEEN 0 AND 9999
                AND COALESCE(num_songs, 0) = FLOOR(COALESCE(num_songs, 0))
                AND COALESCE(artist_latitude, 0) BETWEEN -90 AND 90
                AND COALESCE(artist_longitude, 0) BETWEEN -180 AND 180
                AND COALESCE(year, 0) BETWEEN 0 AND 9999
                AND COALESCE(year, 0) = FLOOR(COALESCE(year, 0))
                AND duration BETWEEN 0 AND 86400
                AND artist_id <> ''
                AND song_id <> ''
                AND title <> ''
                AND TRANSLATE(names, '[]', '{}') !~ :odd_name
                AND names !~ :encoded_twice
                AND TRANSLATE(texts, '[]', '{}') !~ :odd_text
                THEN '1'
            ELSE 'a song breaks a rule'
        END AS INTEGER
    ) AS keeps_rules
FROM (
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
        '|' || COALESCE(artist_location, '') || '|' || COALESCE(artist_name, '') || '|'
        || COALESCE(title, '') || '|' AS names,
        '|' || COALESCE(artist_id, '') || '|' || COALESCE(song_id, '') || '|' AS texts
    FROM copied_songs
) AS records
