-- name: session_length
-- order: 8
-- group: listeners
-- period: window
-- level: yes
-- question: How long is a session, in songs and in time?
-- answer: A session has {mean_plays:number song} and lasts {mean_seconds:duration} on average; the
--   medians of {all_sessions:count session} are {median_plays:number song} and
--   {median_seconds:duration}.
-- columns: songs, sessions:count, share:percent, mean_minutes:number
-- chart: bar x=songs y=sessions
-- note: A session lasts from the start of its first song to the end of its last one, heard out, in
--   whole seconds; a last song of unknown length counts as nothing. Sessions without a song are
--   left out; a period or a level cuts sessions to what lies in it.
WITH session_numbers AS (
    SELECT
        userid,
        sessionid,
        COUNT(*) AS plays,
        MIN(ts) AS first_start,
        MAX(ts) AS last_start,
        MAX(event_ms * 1000000 + iteminsession) AS last_place,
        MAX(event_ms) - MIN(event_ms) AS span
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY userid, sessionid
),

bounds AS (
    SELECT
        userid,
        sessionid,
        plays,
        first_start,
        last_start,
        last_place
    FROM session_numbers
    WHERE span <= 86400000
    UNION ALL
    SELECT
        events.userid,
        events.sessionid,
        COUNT(*) AS plays,
        MIN(events.ts) AS first_start,
        MAX(events.ts) AS last_start,
        MAX(events.event_ms * 1000000 + events.iteminsession) AS last_place
    FROM session_numbers
    INNER JOIN staging_events AS events
        ON
            session_numbers.userid = events.userid
            AND session_numbers.sessionid = events.sessionid
    INNER JOIN sessions
        ON
            events.userid = sessions.user_id
            AND events.sessionid = sessions.session_id
            AND events.event_ms BETWEEN sessions.started_ms AND sessions.ended_ms
    WHERE
        session_numbers.span > 86400000
        AND events.page = 'NextSong'
    GROUP BY events.userid, events.sessionid, sessions.run_number
),

heard AS (
    SELECT
        bounds.plays,
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', bounds.last_start)) AS BIGINT)
        - CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', bounds.first_start)) AS BIGINT)
        + CAST(FLOOR(COALESCE(last_plays.length, 0)) AS BIGINT) AS seconds
    FROM bounds
    INNER JOIN staging_events AS last_plays
        ON
            bounds.userid = last_plays.userid
            AND bounds.sessionid = last_plays.sessionid
            AND bounds.last_place = last_plays.event_ms * 1000000 + last_plays.iteminsession
),

sizes AS (
    SELECT
        plays,
        seconds,
        CASE
            WHEN plays = 1 THEN 1
            WHEN plays <= 5 THEN 2
            WHEN plays <= 10 THEN 3
            WHEN plays <= 20 THEN 4
            WHEN plays <= 50 THEN 5
            ELSE 6
        END AS place
    FROM heard
),

means AS (
    SELECT
        COUNT(*) AS sessions,
        CAST(SUM(plays) AS DOUBLE PRECISION) / COUNT(*) AS mean_plays,
        CAST(SUM(seconds) AS DOUBLE PRECISION) / COUNT(*) AS mean_seconds
    FROM sizes
    HAVING COUNT(*) > 0
),

median_plays AS (
    SELECT CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY plays) AS DOUBLE PRECISION) AS plays
    FROM sizes
),

median_seconds AS (
    SELECT CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY seconds) AS DOUBLE PRECISION) AS seconds
    FROM sizes
)

SELECT
    CASE sizes.place
        WHEN 1 THEN '1'
        WHEN 2 THEN '2 to 5'
        WHEN 3 THEN '6 to 10'
        WHEN 4 THEN '11 to 20'
        WHEN 5 THEN '21 to 50'
        ELSE 'more than 50'
    END AS songs,
    COUNT(*) AS sessions,
    CAST(COUNT(*) AS DOUBLE PRECISION) / means.sessions AS share,
    CAST(SUM(sizes.seconds) AS DOUBLE PRECISION) / (60 * COUNT(*)) AS mean_minutes,
    means.sessions AS all_sessions,
    means.mean_plays,
    means.mean_seconds,
    median_plays.plays AS median_plays,
    median_seconds.seconds AS median_seconds
FROM sizes
CROSS JOIN means
CROSS JOIN median_plays
CROSS JOIN median_seconds
GROUP BY
    sizes.place,
    means.sessions,
    means.mean_plays,
    means.mean_seconds,
    median_plays.plays,
    median_seconds.seconds
ORDER BY sizes.place
