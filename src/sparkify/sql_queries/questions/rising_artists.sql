-- name: rising_artists
-- order: 28
-- group: music
-- period: as_of
-- level: yes
-- question: Which artists are rising?
-- answer: {artist} is rising fastest{ties}: {plays:count play} in the seven days up to
--   {newest_play:moment} UTC, {gain:count} more than in the seven days before.
-- lead: gain
-- tie: {artist}
-- empty: No artist is seen to rise: that takes two weeks of plays, and more in the newer one.
-- columns: artist, plays:count, plays_before:count, gain:count
-- chart: bar x=gain y=artist
-- note: Artists are as the logs name them.
WITH newest AS (
    SELECT MAX(start_time) AS play
    FROM songplays
    HAVING MIN(start_time) <= MAX(start_time) - INTERVAL '14 days'
),

artist_plays AS (
    SELECT
        staging_events.artist,
        COUNT(CASE WHEN staging_events.ts > newest.play - INTERVAL '7 days' THEN 1 END) AS plays,
        COUNT(CASE WHEN staging_events.ts <= newest.play - INTERVAL '7 days' THEN 1 END)
            AS plays_before
    FROM staging_events
    CROSS JOIN newest
    WHERE
        staging_events.page = 'NextSong'
        AND staging_events.artist IS NOT NULL
        AND staging_events.ts > newest.play - INTERVAL '14 days'
    GROUP BY staging_events.artist
),

rising AS (
    SELECT
        artist,
        plays,
        plays_before,
        plays - plays_before AS gain
    FROM artist_plays
    WHERE plays > plays_before
),

first_place AS (
    SELECT
        gain,
        COUNT(*) AS tied
    FROM rising
    GROUP BY gain
    ORDER BY gain DESC
    LIMIT 1
)

SELECT
    rising.artist,
    rising.plays,
    rising.plays_before,
    rising.gain,
    newest.play AS newest_play,
    first_place.tied
FROM rising
CROSS JOIN newest
CROSS JOIN first_place
ORDER BY rising.gain DESC, rising.artist ASC
LIMIT 10
