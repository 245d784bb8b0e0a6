-- name: insert_users
-- purpose: Describe each listener and level that is not yet described as the newest play does,
--   which came with this load.
-- when: events only added
INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    newest.user_id,
    events.firstname AS first_name,
    events.lastname AS last_name,
    events.gender,
    newest.level
FROM newest_plays AS newest
INNER JOIN new_events AS events
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
