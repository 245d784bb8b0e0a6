-- name: plays_by_artist
-- group: other
-- period: window
-- level: yes
-- question: Which artists?
-- answer: {artist} most{ties}: {plays:count play}[, then {next.artist} with {next.plays:count}].
-- lead: plays
-- tie: {artist}
-- columns: artist, plays:count, listeners:count
-- rows: 20
-- chart: bar x=plays y=artist
-- note: The 20 that are played most.
SELECT
    artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners
FROM plays
WHERE artist IS NOT NULL
GROUP BY artist
ORDER BY plays DESC, artist ASC
LIMIT 20
