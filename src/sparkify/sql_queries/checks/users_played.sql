-- name: users_played
-- purpose: Every listener in users played at that level.
-- severity: fail
SELECT
    users.user_id,
    users.level
FROM users
WHERE
    NOT EXISTS (
        SELECT 1
        FROM songplays AS plays
        WHERE plays.user_id = users.user_id AND plays.level = users.level
    )
