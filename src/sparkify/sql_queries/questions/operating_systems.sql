-- name: operating_systems
-- order: 34
-- group: listeners
-- period: window
-- level: yes
-- question: Which operating systems do listeners use?
-- answer: Most plays come from {operating_system}{ties}: {plays:count play} by
--   {listeners:count listener}, {share:percent} of all plays[. Next: {next.operating_system},
--   {next.share:percent}].
-- lead: plays
-- tie: {operating_system}
-- columns: operating_system, listeners:count, plays:count, share:percent, paid_share:percent
-- chart: bar x=plays y=operating_system
-- note: Read from the user agent, as far as it tells. The paid share is that of the plays at the
--   paid level. Who uses two of them counts with both.
WITH agents AS (
    SELECT
        user_agent,
        user_id,
        level,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_agent, user_id, level
),

classed AS (
    SELECT
        user_id,
        level,
        plays,
        CASE
            WHEN user_agent LIKE '%Windows Phone%' THEN 'Windows Phone'
            WHEN user_agent LIKE '%iPhone%' THEN 'iOS'
            WHEN user_agent LIKE '%iPad%' THEN 'iOS'
            WHEN user_agent LIKE '%Android%' THEN 'Android'
            WHEN user_agent LIKE '%Windows%' THEN 'Windows'
            WHEN user_agent LIKE '%Macintosh%' THEN 'macOS'
            WHEN user_agent LIKE '%CrOS%' THEN 'ChromeOS'
            WHEN user_agent LIKE '%Linux%' THEN 'Linux'
            WHEN user_agent LIKE '%X11%' THEN 'Linux'
            ELSE 'an unknown system'
        END AS operating_system
    FROM agents
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    classed.operating_system,
    COUNT(DISTINCT classed.user_id) AS listeners,
    CAST(SUM(classed.plays) AS BIGINT) AS plays,
    CAST(SUM(classed.plays) AS DOUBLE PRECISION) / total.plays AS share,
    CAST(SUM(CASE WHEN classed.level = 'paid' THEN classed.plays ELSE 0 END) AS DOUBLE PRECISION)
    / SUM(classed.plays) AS paid_share
FROM classed
CROSS JOIN total
GROUP BY classed.operating_system, total.plays
ORDER BY SUM(classed.plays) DESC, classed.operating_system
