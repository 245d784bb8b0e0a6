-- name: insert_users
-- purpose: Describe each listener and level that is not yet described as the newest play does.
-- note: that play came with this load, but where a displaced one is replaced by an older.
-- when: events
INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    newest.user_id,
    events.firstname AS first_name,
    events.lastname AS last_name,
    events.gender,
    newest.level
FROM newest_plays AS newest
INNER JOIN (
    SELECT
        event_ms,
        userid,
        sessionid,
        iteminsession,
        firstname,
        lastname,
        gender
    FROM new_events
    WHERE
        userid NOT IN (
            SELECT userid FROM ranked_events WHERE outcome = 'displaced' AND page = 'NextSong'
        )
    UNION ALL
    SELECT
        event_ms,
        userid,
        sessionid,
        iteminsession,
        firstname,
        lastname,
        gender
    FROM staging_events
    WHERE userid IN (
        SELECT userid FROM ranked_events WHERE outcome = 'displaced' AND page = 'NextSong'
    )
) AS events
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
