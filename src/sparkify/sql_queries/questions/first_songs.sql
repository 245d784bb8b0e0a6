-- name: first_songs
-- order: 27
-- group: music
-- period: as_of
-- level: no
-- question: With which song do sessions begin?
-- answer: Most sessions begin with "{song}"[ by {artist}]{ties}: {sessions:count session},
--   {share:percent} of all.
-- lead: sessions
-- tie: "{song}"[ by {artist}]
-- columns: song, artist, sessions:count, share:percent
-- chart: bar x=sessions y=song,artist
-- note: The share is of the sessions with a song. Songs are as the logs name them.
WITH session_numbers AS (
    SELECT
        userid,
        sessionid,
        MIN(event_ms * 1000000 + iteminsession) AS place,
        MAX(event_ms) - MIN(event_ms) AS span
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY userid, sessionid
),

first_plays AS (
    SELECT
        userid,
        sessionid,
        place
    FROM session_numbers
    WHERE span <= 86400000
    UNION ALL
    SELECT
        events.userid,
        events.sessionid,
        MIN(events.event_ms * 1000000 + events.iteminsession) AS place
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

openings AS (
    SELECT
        events.song,
        events.artist,
        COUNT(*) AS sessions
    FROM staging_events AS events
    INNER JOIN first_plays
        ON
            events.userid = first_plays.userid
            AND events.sessionid = first_plays.sessionid
            AND events.event_ms * 1000000 + events.iteminsession = first_plays.place
    WHERE events.song IS NOT NULL
    GROUP BY events.song, events.artist
),

first_place AS (
    SELECT
        sessions,
        COUNT(*) AS tied
    FROM openings
    GROUP BY sessions
    ORDER BY sessions DESC
    LIMIT 1
),

total AS (
    SELECT COUNT(*) AS sessions FROM first_plays
)

SELECT
    openings.song,
    openings.artist,
    openings.sessions,
    CAST(openings.sessions AS DOUBLE PRECISION) / total.sessions AS share,
    first_place.tied
FROM openings
CROSS JOIN first_place
CROSS JOIN total
ORDER BY openings.sessions DESC, openings.song ASC, openings.artist ASC NULLS LAST
LIMIT 10
