-- name: time_keys
-- purpose: The key of time is never null and never stands twice.
-- severity: fail
SELECT
    start_time,
    COUNT(*) AS copies
FROM time
GROUP BY start_time
HAVING
    COUNT(*) > 1
    OR start_time IS NULL
