-- name: shared_listeners
-- order: 25
-- group: music
-- question: Which artists share listeners?
-- answer: {artist} and {other_artist} share the most listeners{ties}: {shared_listeners:count}, of
--   the {artist_listeners:count} and {other_artist_listeners:count} that they have.
-- lead: shared_listeners
-- tie: {artist} with {other_artist}
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

top_artists AS (
    SELECT artist
    FROM artist_plays
    ORDER BY plays DESC, artist ASC
    LIMIT 50
),

fans AS (
    SELECT DISTINCT
        staging_events.artist,
        staging_events.userid
    FROM staging_events
    INNER JOIN top_artists ON staging_events.artist = top_artists.artist
    WHERE staging_events.page = 'NextSong'
),

audiences AS (
    SELECT
        artist,
        COUNT(*) AS listeners
    FROM fans
    GROUP BY artist
),

pairs AS (
    SELECT
        fan.artist,
        other_fan.artist AS other_artist,
        COUNT(*) AS listeners
    FROM fans AS fan
    INNER JOIN fans AS other_fan ON fan.userid = other_fan.userid AND fan.artist < other_fan.artist
    GROUP BY fan.artist, other_fan.artist
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
    pairs.artist,
    pairs.other_artist,
    pairs.listeners AS shared_listeners,
    audience.listeners AS artist_listeners,
    other_audience.listeners AS other_artist_listeners,
    first_place.tied
FROM pairs
INNER JOIN audiences AS audience ON pairs.artist = audience.artist
INNER JOIN audiences AS other_audience ON pairs.other_artist = other_audience.artist
CROSS JOIN first_place
ORDER BY pairs.listeners DESC, pairs.artist ASC, pairs.other_artist ASC
LIMIT 10
