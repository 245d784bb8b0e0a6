-- name: plays_counted
-- purpose: As many plays as staged NextSong events, of the same listeners and sessions.
-- when: events
-- days: plays of other days than the batch's need not be read.
-- note: equal counts and equal sums; a join of all plays with all events would cost as much as
--   making them.
SELECT
    events.staged_plays,
    facts.plays,
    events.listeners AS staged_listeners,
    facts.listeners,
    events.sessions AS staged_sessions,
    facts.sessions
FROM (
    SELECT
        COUNT(*) AS staged_plays,
        SUM(userid) AS listeners,
        SUM(sessionid) AS sessions
    FROM staging_events
    WHERE
        page = 'NextSong'
        AND ts BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
) AS events
CROSS JOIN (
    SELECT
        COUNT(*) AS plays,
        SUM(user_id) AS listeners,
        SUM(session_id) AS sessions
    FROM songplays
    WHERE
        start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
) AS facts
WHERE
    events.staged_plays <> facts.plays
    OR events.listeners <> facts.listeners
    OR events.sessions <> facts.sessions
