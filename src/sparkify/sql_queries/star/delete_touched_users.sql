-- name: delete_touched_users
-- purpose: Take out the listeners who have a newer play to be described by, or none any more.
-- when: events
DELETE FROM users
WHERE NOT EXISTS (
    SELECT 1
    FROM newest_plays AS newest
    WHERE
        newest.user_id = users.user_id
        AND newest.level = users.level
)
