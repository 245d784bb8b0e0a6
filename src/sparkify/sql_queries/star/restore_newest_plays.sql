-- name: restore_newest_plays
-- purpose: The newest play, of all that are staged, of each listener and level that has none: of
--   this load, or of an earlier one where the play that was the newest was displaced.
-- note: in place of insert_newest_plays. Two steps, for a sort of all plays costs far more than a
--   maximum.
-- when: events displaced
INSERT INTO newest_plays (user_id, level, event_ms, sessionid, iteminsession)
WITH plays AS (
    SELECT
        staged.userid,
        staged.level,
        staged.event_ms,
        staged.sessionid,
        staged.iteminsession
    FROM staging_events AS staged
    INNER JOIN (
        SELECT DISTINCT
            userid,
            level
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
        ) AS either
    ) AS touched
        ON
            staged.userid = touched.userid
            AND staged.level = touched.level
    WHERE staged.page = 'NextSong'
),

last_moments AS (
    SELECT
        userid,
        level,
        MAX(event_ms) AS event_ms
    FROM plays
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
    FROM plays
    INNER JOIN last_moments
        ON
            plays.userid = last_moments.userid
            AND plays.level = last_moments.level
            AND plays.event_ms = last_moments.event_ms
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
