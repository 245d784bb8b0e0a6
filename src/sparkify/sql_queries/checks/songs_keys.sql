-- name: songs_keys
-- purpose: The key of songs is never null and never stands twice.
-- severity: fail
SELECT
    song_id,
    COUNT(*) AS copies
FROM songs
GROUP BY song_id
HAVING
    COUNT(*) > 1
    OR song_id IS NULL
