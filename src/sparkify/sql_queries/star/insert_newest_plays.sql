-- name: insert_newest_plays
-- purpose: The newest play of this load of each listener and level that has none.
-- note: two steps, for a sort of all plays costs far more than a maximum.
-- when: events only added
INSERT INTO newest_plays (user_id, level, event_ms, sessionid, iteminsession)
WITH last_moments AS (
    SELECT
        userid,
        level,
        MAX(event_ms) AS event_ms
    FROM new_events
    WHERE page = 'NextSong'
    GROUP BY userid, level
)

SELECT
    userid AS user_id,
    level,
    event_ms,
    sessionid,
    iteminsession
FROM (
    SELECT
        plays.userid,
        plays.level,
        plays.event_ms,
        plays.sessionid,
        plays.iteminsession,
        ROW_NUMBER() OVER (
            PARTITION BY plays.userid, plays.level
            ORDER BY plays.sessionid DESC, plays.iteminsession DESC
        ) AS place
    FROM new_events AS plays
    INNER JOIN last_moments
        ON
            plays.userid = last_moments.userid
            AND plays.level = last_moments.level
            AND plays.event_ms = last_moments.event_ms
    WHERE plays.page = 'NextSong'
) AS latest
WHERE
    place = 1
    AND NOT EXISTS (
        SELECT 1
        FROM newest_plays AS known
        WHERE
            known.user_id = latest.userid
            AND known.level = latest.level
    )
