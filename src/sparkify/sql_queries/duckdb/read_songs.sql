-- name: read_songs
-- purpose: Read song records, joined into few files, into new_songs; as read_events does.
-- grain: one record of a song file
-- parameters: files (paths), columns (key -> type, in the order of staging_songs, and last the key
--   under which a record names its source file), mend_text (as in read_events).
INSERT INTO new_songs
WITH raw AS (
    SELECT *
    FROM read_json(
        $files, columns = $columns, format = 'newline_delimited', hive_partitioning = FALSE
    ) AS raw_songs (
        num_songs, artist_id, artist_latitude, artist_longitude, artist_location, artist_name,
        song_id, title, duration, year, source_file
    )
),

typed AS (
    SELECT
        whole_number(number(num_songs), 0, 9999) AS num_songs,
        stripped(artist_id) AS artist_id,
        number(artist_latitude) AS artist_latitude,
        number(artist_longitude) AS artist_longitude,
        stripped(artist_location) AS read_artist_location,
        CASE WHEN $mend_text THEN mended(read_artist_location) ELSE read_artist_location END
            AS artist_location,
        stripped(artist_name) AS read_artist_name,
        CASE WHEN $mend_text THEN mended(read_artist_name) ELSE read_artist_name END AS artist_name,
        stripped(song_id) AS song_id,
        stripped(title) AS read_title,
        CASE WHEN $mend_text THEN mended(read_title) ELSE read_title END AS title,
        number(duration) AS duration,
        whole_number(number(year), 0, 9999) AS year,
        source_file,
        num_songs IS NOT NULL AS has_num_songs,
        artist_latitude IS NOT NULL AS has_latitude,
        artist_longitude IS NOT NULL AS has_longitude,
        year IS NOT NULL AS has_year
    FROM raw
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
    source_file,
    CASE
        WHEN song_id IS NULL OR song_id = '' OR artist_id IS NULL OR artist_id = '' THEN 1
        WHEN title IS NULL OR title = '' THEN 1
        WHEN duration IS NULL OR duration NOT BETWEEN 0 AND 86400 THEN 1
        WHEN has_num_songs AND num_songs IS NULL THEN 1
        WHEN has_year AND year IS NULL THEN 1
        WHEN has_latitude
            AND (artist_latitude IS NULL OR artist_latitude NOT BETWEEN -90 AND 90) THEN 1
        WHEN has_longitude
            AND (artist_longitude IS NULL OR artist_longitude NOT BETWEEN -180 AND 180) THEN 1
        WHEN breaks_text(song_id, 64) OR breaks_text(artist_id, 64) THEN 1
        WHEN breaks_text(title, 1024) OR breaks_text(artist_name, 1024) THEN 1
        WHEN breaks_text(artist_location, 1024) THEN 1
        WHEN may_be_json(song_id) OR may_be_json(artist_id) THEN 1
        WHEN may_be_other(title) OR may_be_other(artist_name) THEN 1
        WHEN may_be_other(artist_location) THEN 1
        ELSE 0
    END AS doubt,
    coalesce(
        artist_location <> read_artist_location OR artist_name <> read_artist_name
        OR title <> read_title,
        FALSE
    ) AS is_mended
FROM typed
