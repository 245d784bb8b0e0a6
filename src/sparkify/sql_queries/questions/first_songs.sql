-- name: first_songs
-- order: 27
-- group: music
-- question: With which song do sessions begin?
-- answer: Most sessions begin with "{song}"[ by {artist}]{ties}: {sessions:count session},
--   {share:percent} of all.
-- lead: sessions
-- tie: "{song}"[ by {artist}]
-- columns: song, artist, sessions:count, share:percent
-- chart: bar x=sessions y=song,artist
-- note: The share is of the sessions with a song. Songs are as the logs name them.
WITH first_items AS (
    SELECT
        sessionid,
        MIN(iteminsession) AS item
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY sessionid
),

openings AS (
    SELECT
        staging_events.song,
        staging_events.artist,
        COUNT(*) AS sessions
    FROM staging_events
    INNER JOIN first_items
        ON
            staging_events.sessionid = first_items.sessionid
            AND staging_events.iteminsession = first_items.item
    WHERE staging_events.song IS NOT NULL
    GROUP BY staging_events.song, staging_events.artist
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
    SELECT COUNT(*) AS sessions FROM first_items
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
