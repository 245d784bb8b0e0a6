-- name: users_keys
-- purpose: The key of users is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    user_id,
    level,
    copies
FROM (
    SELECT
        user_id + 0 AS user_id,
        level || '' AS level,
        COUNT(*) AS copies
    FROM users
    GROUP BY user_id + 0, level || ''
) AS keyed
WHERE
    copies > 1
    OR user_id IS NULL
    OR level IS NULL
