-- name: devices
-- order: 16
-- group: listeners
-- period: window
-- level: yes
-- question: Phone or computer?
-- answer: Most plays come from a {device}{ties}: {plays:count play} by {listeners:count listener},
--   {share:percent} of all plays[. Next: a {next.device}, {next.share:percent}].
-- lead: plays
-- tie: a {device}
-- columns: device, listeners:count, plays:count, share:percent, paid_share:percent
-- chart: bar x=plays y=device
-- note: The device is read from the user agent, as far as it tells. The paid share is that of the
--   plays at the paid level. Who uses two kinds of device counts with both.
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
            WHEN user_agent LIKE '%iPad%' THEN 'tablet'
            WHEN user_agent LIKE '%iPhone%' THEN 'phone'
            WHEN user_agent LIKE '%Windows Phone%' THEN 'phone'
            WHEN user_agent LIKE '%Android%Mobile%' THEN 'phone'
            WHEN user_agent LIKE '%Android%' THEN 'tablet'
            WHEN user_agent LIKE '%Windows%' THEN 'computer'
            WHEN user_agent LIKE '%Macintosh%' THEN 'computer'
            WHEN user_agent LIKE '%X11%' THEN 'computer'
            ELSE 'device of unknown kind'
        END AS device
    FROM agents
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    classed.device,
    COUNT(DISTINCT classed.user_id) AS listeners,
    CAST(SUM(classed.plays) AS BIGINT) AS plays,
    CAST(SUM(classed.plays) AS DOUBLE PRECISION) / total.plays AS share,
    CAST(SUM(CASE WHEN classed.level = 'paid' THEN classed.plays ELSE 0 END) AS DOUBLE PRECISION)
    / SUM(classed.plays) AS paid_share
FROM classed
CROSS JOIN total
GROUP BY classed.device, total.plays
ORDER BY SUM(classed.plays) DESC, classed.device
