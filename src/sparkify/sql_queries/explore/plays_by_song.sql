-- name: plays_by_song
-- group: other
-- period: window
-- level: yes
-- question: Which songs?
-- answer: "{song}"[ by {artist}] most{ties}: {plays:count play}[, then "{next.song}" with
--   {next.plays:count}].
-- lead: plays
-- tie: "{song}"
-- columns: song, artist, plays:count, listeners:count
-- rows: 20
-- chart: bar x=plays y=song,artist
-- note: The 20 that are played most.
SELECT
    song,
    artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners
FROM plays
WHERE song IS NOT NULL
GROUP BY song, artist
ORDER BY plays DESC, song ASC, artist ASC NULLS LAST
LIMIT 20
