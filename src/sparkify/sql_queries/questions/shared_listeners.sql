-- name: shared_listeners
-- order: 25
-- group: music
-- period: window
-- level: yes
-- question: Which artists share listeners?
-- answer: {artist} and {other_artist} share the most listeners{ties}: {shared_listeners:count} of
--   the {artist_listeners:count} and {other_artist_listeners:count} that they have.
-- lead: shared_listeners
-- tie: the pair {artist} and {other_artist}
-- empty: No listener has played two of the leading artists, so there is no answer.
-- columns: artist, other_artist, shared_listeners:count, artist_listeners:count,
--   other_artist_listeners:count
-- chart: bar x=shared_listeners y=artist,other_artist
-- note: Compared are the 50 artists with the most plays, as the logs name them.
WITH artist_plays AS (
    SELECT
        artist,
        COUNT(*) AS plays
    FROM staging_events
    WHERE page = 'NextSong' AND artist IS NOT NULL
    GROUP BY artist
),

leaders AS (
    SELECT artist
    FROM artist_plays
    ORDER BY plays DESC, artist ASC
    LIMIT 50
),

numbered AS (
    SELECT
        artist,
        ROW_NUMBER() OVER (ORDER BY artist) AS place
    FROM leaders
),

fans AS (
    SELECT DISTINCT
        numbered.place,
        staging_events.userid
    FROM staging_events
    INNER JOIN numbered ON staging_events.artist = numbered.artist
    WHERE staging_events.page = 'NextSong'
),

audiences AS (
    SELECT
        numbered.artist,
        numbered.place,
        COUNT(*) AS listeners
    FROM numbered
    INNER JOIN fans ON numbered.place = fans.place
    GROUP BY numbered.artist, numbered.place
),

pairs AS (
    SELECT
        fans.place,
        other_fans.place AS other_place,
        COUNT(*) AS listeners
    FROM fans
    INNER JOIN fans AS other_fans
        ON fans.userid = other_fans.userid AND fans.place < other_fans.place
    GROUP BY fans.place, other_fans.place
),

first_place AS (
    SELECT
        listeners,
        COUNT(*) AS tied
    FROM pairs
    GROUP BY listeners
    ORDER BY listeners DESC
    LIMIT 1
)

SELECT
    audiences.artist,
    other_audiences.artist AS other_artist,
    pairs.listeners AS shared_listeners,
    audiences.listeners AS artist_listeners,
    other_audiences.listeners AS other_artist_listeners,
    first_place.tied
FROM pairs
INNER JOIN audiences ON pairs.place = audiences.place
INNER JOIN audiences AS other_audiences ON pairs.other_place = other_audiences.place
CROSS JOIN first_place
ORDER BY pairs.listeners DESC, audiences.artist ASC, other_audiences.artist ASC
LIMIT 10
