-- name: newest_plays_hold
-- purpose: newest_plays has, of each listener and level, the newest staged play, once.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    latest.userid,
    latest.level,
    latest.event_ms,
    newest.user_id,
    newest.event_ms AS newest_ms
FROM (
    SELECT
        userid,
        level,
        event_ms,
        sessionid,
        iteminsession
    FROM (
        SELECT
            userid,
            level,
            event_ms,
            sessionid,
            iteminsession,
            ROW_NUMBER() OVER (
                PARTITION BY userid, level
                ORDER BY event_ms DESC, sessionid DESC, iteminsession DESC
            ) AS place
        FROM staging_events
        WHERE page = 'NextSong'
    ) AS plays
    WHERE place = 1
) AS latest
FULL OUTER JOIN (
    SELECT
        user_id + 0 AS user_id,
        level || '' AS level,
        MAX(event_ms) AS event_ms,
        MAX(sessionid) AS sessionid,
        MAX(iteminsession) AS iteminsession,
        COUNT(*) AS copies
    FROM newest_plays
    GROUP BY user_id + 0, level || ''
) AS newest
    ON
        latest.userid = newest.user_id
        AND latest.level = newest.level
WHERE
    latest.userid IS NULL
    OR newest.user_id IS NULL
    OR newest.copies > 1
    OR latest.event_ms <> newest.event_ms
    OR latest.sessionid <> newest.sessionid
    OR latest.iteminsession <> newest.iteminsession
