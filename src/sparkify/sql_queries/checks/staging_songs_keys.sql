-- name: staging_songs_keys
-- purpose: The key of staging_songs is never null and never stands twice.
-- severity: fail
SELECT
    song_id,
    COUNT(*) AS copies
FROM staging_songs
GROUP BY song_id
HAVING
    COUNT(*) > 1
    OR song_id IS NULL
