-- name: ranked_songs
-- purpose: Judge the records that claim one key: the greatest content stays, and of equal ones the
--   staged one; outcome is kept (a new record stays), unchanged (the staged one does), duplicate,
--   conflict (a new record yields) or displaced (the staged one does).
-- grain: one record of a repeated key
CREATE TEMPORARY TABLE ranked_songs AS
WITH repeated_keys AS (
    SELECT song_id
    FROM (
        SELECT song_id
        FROM new_songs
        UNION ALL
        SELECT staged.song_id
        FROM staging_songs AS staged
        WHERE EXISTS (
            SELECT 1
            FROM new_songs AS new_ones
            WHERE new_ones.song_id = staged.song_id
        )
    ) AS records
    GROUP BY song_id
    HAVING COUNT(*) > 1
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
        WHEN record_rank = 1 AND is_staged = 1 THEN 'unchanged'
        WHEN record_rank = 1 THEN 'kept'
        WHEN is_staged = 1 AND content_rank > 1 THEN 'displaced'
        WHEN content_rank = 1 THEN 'duplicate'
        ELSE 'conflict'
    END AS outcome
FROM (
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
        is_staged,
        DENSE_RANK() OVER (
            PARTITION BY song_id
            ORDER BY
                num_songs DESC NULLS LAST, artist_id DESC, artist_latitude DESC NULLS LAST,
                artist_longitude DESC NULLS LAST, artist_location DESC NULLS LAST,
                artist_name DESC NULLS LAST, song_id DESC, title DESC, duration DESC, year
                DESC NULLS LAST
        ) AS content_rank,
        ROW_NUMBER() OVER (
            PARTITION BY song_id
            ORDER BY
                num_songs DESC NULLS LAST, artist_id DESC, artist_latitude DESC NULLS LAST,
                artist_longitude DESC NULLS LAST, artist_location DESC NULLS LAST,
                artist_name DESC NULLS LAST, song_id DESC, title DESC, duration DESC, year
                DESC NULLS LAST,
                is_staged DESC, source_file ASC NULLS LAST
        ) AS record_rank
    FROM (
        SELECT
            new_ones.num_songs,
            new_ones.artist_id,
            new_ones.artist_latitude,
            new_ones.artist_longitude,
            new_ones.artist_location,
            new_ones.artist_name,
            new_ones.song_id,
            new_ones.title,
            new_ones.duration,
            new_ones.year,
            new_ones.source_file,
            0 AS is_staged
        FROM new_songs AS new_ones
        INNER JOIN repeated_keys AS repeated
            ON new_ones.song_id = repeated.song_id
        UNION ALL
        SELECT
            staged.num_songs,
            staged.artist_id,
            staged.artist_latitude,
            staged.artist_longitude,
            staged.artist_location,
            staged.artist_name,
            staged.song_id,
            staged.title,
            staged.duration,
            staged.year,
            CAST(NULL AS INTEGER) AS source_file,
            1 AS is_staged
        FROM staging_songs AS staged
        INNER JOIN repeated_keys AS repeated
            ON staged.song_id = repeated.song_id
    ) AS records
) AS ranked
