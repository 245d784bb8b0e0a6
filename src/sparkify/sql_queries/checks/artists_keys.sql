-- name: artists_keys
-- purpose: The key of artists is never null and never stands twice.
-- severity: fail
SELECT
    artist_id,
    COUNT(*) AS copies
FROM artists
GROUP BY artist_id
HAVING
    COUNT(*) > 1
    OR artist_id IS NULL
