-- name: listening_by_level
-- order: 10
-- group: money
-- period: window
-- level: no
-- question: Do paying listeners listen more?
-- answer: Listeners at the {level} level listen most{ties}: {plays_per_listener:number play} and
--   {minutes_per_listener:number minute} each[, against {next.plays_per_listener:number play} and
--   {next.minutes_per_listener:number minute} at the {next.level} level].
-- lead: plays_per_listener
-- tie: the {level} level
-- columns: level, listeners:count, plays:count, plays_per_listener:number,
--   minutes_per_listener:number
-- chart: bar x=plays_per_listener y=level
-- note: Who has played at both levels counts at both, with the plays made at each. A song counts
--   with its whole length; one of unknown length counts as a play but not as minutes.
WITH listener_levels AS (
    SELECT
        userid,
        level,
        COUNT(*) AS plays,
        SUM(CAST(length AS DECIMAL(18, 5))) AS seconds
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY userid, level
)

SELECT
    level,
    COUNT(*) AS listeners,
    CAST(SUM(plays) AS BIGINT) AS plays,
    CAST(SUM(plays) AS DOUBLE PRECISION) / COUNT(*) AS plays_per_listener,
    CAST(COALESCE(SUM(seconds), 0) AS DOUBLE PRECISION) / (60 * COUNT(*)) AS minutes_per_listener
FROM listener_levels
GROUP BY level
ORDER BY level
