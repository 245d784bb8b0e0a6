-- name: restore_users
-- purpose: Describe each listener and level that is not yet described as the newest play does,
--   which came with this load or an earlier one.
-- note: in place of insert_users.
-- when: events displaced
INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    newest.user_id,
    events.firstname AS first_name,
    events.lastname AS last_name,
    events.gender,
    newest.level
FROM newest_plays AS newest
INNER JOIN staging_events AS events
    ON
        newest.event_ms = events.event_ms
        AND newest.user_id = events.userid
        AND newest.sessionid = events.sessionid
        AND newest.iteminsession = events.iteminsession
WHERE
    NOT EXISTS (
        SELECT 1
        FROM users AS described
        WHERE
            described.user_id = newest.user_id
            AND described.level = newest.level
    )
