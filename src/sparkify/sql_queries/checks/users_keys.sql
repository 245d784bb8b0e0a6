-- name: users_keys
-- purpose: The key of users is never null and never stands twice.
-- severity: fail
SELECT
    user_id,
    level,
    COUNT(*) AS copies
FROM users
GROUP BY user_id, level
HAVING
    COUNT(*) > 1
    OR user_id IS NULL
    OR level IS NULL
