-- name: top_songs
-- order: 1
-- group: music
-- period: window
-- level: yes
-- question: Which song is played most?
-- answer: "{song}"[ by {artist}] is played most{ties}: {plays:count play}, {share:percent} of all
--   plays[. Next: "{next.song}" by {next.artist}, {next.plays:count play}].
-- lead: plays
-- tie: "{song}"[ by {artist}]
-- columns: song, artist, plays:count, share:percent
-- chart: bar x=plays y=song,artist
-- note: A song is a title by an artist as the logs name them, in the catalogue or not.
WITH song_plays AS (
    SELECT
        song,
        artist,
        COUNT(*) AS plays
    FROM staging_events
    WHERE page = 'NextSong' AND song IS NOT NULL
    GROUP BY song, artist
),

first_place AS (
    SELECT
        plays,
        COUNT(*) AS tied
    FROM song_plays
    GROUP BY plays
    ORDER BY plays DESC
    LIMIT 1
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    song_plays.song,
    song_plays.artist,
    song_plays.plays,
    CAST(song_plays.plays AS DOUBLE PRECISION) / total.plays AS share,
    first_place.tied
FROM song_plays
CROSS JOIN first_place
CROSS JOIN total
ORDER BY song_plays.plays DESC, song_plays.song ASC, song_plays.artist ASC NULLS LAST
LIMIT 10
