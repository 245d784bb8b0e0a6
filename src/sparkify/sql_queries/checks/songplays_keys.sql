-- name: songplays_keys
-- purpose: The key of songplays is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    songplay_id,
    copies
FROM (
    SELECT
        songplay_id || '' AS songplay_id,
        COUNT(*) AS copies
    FROM songplays
    GROUP BY songplay_id || ''
) AS keyed
WHERE
    copies > 1
    OR songplay_id IS NULL
