-- name: staging_songs_keys
-- purpose: The key of staging_songs is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    song_id,
    copies
FROM (
    SELECT
        song_id || '' AS song_id,
        COUNT(*) AS copies
    FROM staging_songs
    GROUP BY song_id || ''
) AS keyed
WHERE
    copies > 1
    OR song_id IS NULL
