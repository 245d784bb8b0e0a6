-- name: songplays_keys
-- purpose: The key of songplays is never null and never stands twice.
-- severity: fail
SELECT
    songplay_id,
    COUNT(*) AS copies
FROM songplays
GROUP BY songplay_id
HAVING
    COUNT(*) > 1
    OR songplay_id IS NULL
