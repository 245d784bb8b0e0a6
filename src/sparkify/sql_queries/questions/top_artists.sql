-- name: top_artists
-- order: 9
-- group: music
-- period: window
-- level: yes
-- question: Which artist is played most, and by how many different people?
-- answer: {artist} is played most{ties}: {plays:count play} by {listeners:count listener}[. Next:
--   {next.artist}, {next.plays:count play} by {next.listeners:count listener}].
-- lead: plays
-- tie: {artist}
-- columns: artist, plays:count, listeners:count
-- chart: bar x=plays y=artist
-- note: Artists are as the logs name them, in the catalogue or not.
WITH artist_plays AS (
    SELECT
        artist,
        COUNT(*) AS plays
    FROM staging_events
    WHERE page = 'NextSong' AND artist IS NOT NULL
    GROUP BY artist
),

first_place AS (
    SELECT
        plays,
        COUNT(*) AS tied
    FROM artist_plays
    GROUP BY plays
    ORDER BY plays DESC
    LIMIT 1
),

top_ten AS (
    SELECT
        artist,
        plays
    FROM artist_plays
    ORDER BY plays DESC, artist ASC
    LIMIT 10
)

SELECT
    top_ten.artist,
    top_ten.plays,
    COUNT(DISTINCT staging_events.userid) AS listeners,
    first_place.tied
FROM top_ten
INNER JOIN staging_events ON top_ten.artist = staging_events.artist
CROSS JOIN first_place
WHERE staging_events.page = 'NextSong'
GROUP BY top_ten.artist, top_ten.plays, first_place.tied
ORDER BY top_ten.plays DESC, top_ten.artist ASC
