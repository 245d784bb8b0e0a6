-- name: touched_listeners
-- purpose: Every listener and level that this load touched stands once in users, if it plays.
SELECT
    touched.user_id,
    touched.level,
    COUNT(users.user_id) AS copies
FROM touched_users AS touched
LEFT JOIN users
    ON
        touched.user_id = users.user_id
        AND touched.level = users.level
WHERE
    EXISTS (
        SELECT 1
        FROM songplays AS plays
        WHERE plays.user_id = touched.user_id AND plays.level = touched.level
    )
GROUP BY touched.user_id, touched.level
HAVING COUNT(users.user_id) <> 1
