-- name: delete_touched_users
-- purpose: Take the touched listeners out, to be described anew.
DELETE FROM users
WHERE EXISTS (
    SELECT 1
    FROM touched_users AS touched
    WHERE
        touched.user_id = users.user_id
        AND touched.level = users.level
)
