-- name: artists_keys
-- purpose: The key of artists is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    artist_id,
    copies
FROM (
    SELECT
        artist_id || '' AS artist_id,
        COUNT(*) AS copies
    FROM artists
    GROUP BY artist_id || ''
) AS keyed
WHERE
    copies > 1
    OR artist_id IS NULL
