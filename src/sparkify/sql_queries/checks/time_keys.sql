-- name: time_keys
-- purpose: The key of time is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    start_time,
    copies
FROM (
    SELECT
        start_time + INTERVAL '0 second' AS start_time,
        COUNT(*) AS copies
    FROM time
    GROUP BY start_time + INTERVAL '0 second'
) AS keyed
WHERE
    copies > 1
    OR start_time IS NULL
