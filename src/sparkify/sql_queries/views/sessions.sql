-- name: sessions
-- purpose: Every session: a run of events of one listener under one session number. Numbers are
--   counted per server, per run of the app and per day, so listeners share them, and one listener
--   may have a number twice: where more than 24 hours pass, another session begins.
-- grain: one session: (user_id, session_id, run_number)
-- note: looks closer only at numbers whose events span more than a day. An event is of the session
--   of its listener and number that it lies in: event_ms BETWEEN started_ms AND ended_ms.
--   A question may pass over the view for numbers whose plays span at most 24 hours.
CREATE OR REPLACE VIEW sessions AS
WITH spans AS (
    SELECT
        userid,
        sessionid,
        MIN(event_ms) AS started_ms,
        MAX(event_ms) AS ended_ms,
        MIN(ts) AS started_at,
        MAX(ts) AS ended_at,
        COUNT(*) AS events,
        COUNT(CASE WHEN page = 'NextSong' THEN 1 END) AS plays
    FROM staging_events
    WHERE userid IS NOT NULL
    GROUP BY userid, sessionid
),

gaps AS (
    SELECT
        events.userid,
        events.sessionid,
        events.iteminsession,
        events.event_ms,
        events.ts,
        events.page,
        CASE
            WHEN
                events.event_ms - LAG(events.event_ms) OVER (
                    PARTITION BY events.userid, events.sessionid
                    ORDER BY events.event_ms, events.iteminsession
                ) > 86400000
                THEN 1
            ELSE 0
        END AS begins
    FROM staging_events AS events
    INNER JOIN spans
        ON
            events.userid = spans.userid
            AND events.sessionid = spans.sessionid
    WHERE spans.ended_ms - spans.started_ms > 86400000
),

runs AS (
    SELECT
        userid,
        sessionid,
        event_ms,
        ts,
        page,
        SUM(begins) OVER (
            PARTITION BY userid, sessionid
            ORDER BY event_ms, iteminsession
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS begun
    FROM gaps
)

SELECT
    userid AS user_id,
    sessionid AS session_id,
    CAST(1 AS BIGINT) AS run_number,
    started_ms,
    ended_ms,
    started_at,
    ended_at,
    events,
    plays
FROM spans
WHERE ended_ms - started_ms <= 86400000
UNION ALL
SELECT
    userid AS user_id,
    sessionid AS session_id,
    CAST(1 + begun AS BIGINT) AS run_number,
    MIN(event_ms) AS started_ms,
    MAX(event_ms) AS ended_ms,
    MIN(ts) AS started_at,
    MAX(ts) AS ended_at,
    COUNT(*) AS events,
    COUNT(CASE WHEN page = 'NextSong' THEN 1 END) AS plays
FROM runs
GROUP BY userid, sessionid, begun
