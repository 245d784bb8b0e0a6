-- name: delete_touched_users
-- purpose: Take the listeners whose plays this load added or displaced out, to be described anew.
-- when: events
DELETE FROM users
WHERE EXISTS (
    SELECT 1
    FROM (
        SELECT
            userid,
            level
        FROM new_events
        WHERE page = 'NextSong'
        UNION ALL
        SELECT
            userid,
            level
        FROM ranked_events
        WHERE
            outcome = 'displaced'
            AND page = 'NextSong'
    ) AS touched
    WHERE
        touched.userid = users.user_id
        AND touched.level = users.level
)
