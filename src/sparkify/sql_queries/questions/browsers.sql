-- name: browsers
-- order: 33
-- group: listeners
-- period: window
-- level: yes
-- question: Which browsers do listeners use?
-- answer: Most plays come from {browser}{ties}: {plays:count play} by
--   {listeners:count listener}, {share:percent} of all plays[. Next: {next.browser},
--   {next.share:percent}].
-- lead: plays
-- tie: {browser}
-- columns: browser, listeners:count, plays:count, share:percent, paid_share:percent
-- chart: bar x=plays y=browser
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
            WHEN user_agent LIKE '%Edg%' THEN 'Edge'
            WHEN user_agent LIKE '%OPR/%' THEN 'Opera'
            WHEN user_agent LIKE '%Opera%' THEN 'Opera'
            WHEN user_agent LIKE '%Firefox%' THEN 'Firefox'
            WHEN user_agent LIKE '%FxiOS%' THEN 'Firefox'
            WHEN user_agent LIKE '%MSIE%' THEN 'Internet Explorer'
            WHEN user_agent LIKE '%Trident%' THEN 'Internet Explorer'
            WHEN user_agent LIKE '%Chrom%' THEN 'Chrome'
            WHEN user_agent LIKE '%CriOS%' THEN 'Chrome'
            WHEN user_agent LIKE '%Safari%' THEN 'Safari'
            ELSE 'an unknown browser'
        END AS browser
    FROM agents
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    classed.browser,
    COUNT(DISTINCT classed.user_id) AS listeners,
    CAST(SUM(classed.plays) AS BIGINT) AS plays,
    CAST(SUM(classed.plays) AS DOUBLE PRECISION) / total.plays AS share,
    CAST(SUM(CASE WHEN classed.level = 'paid' THEN classed.plays ELSE 0 END) AS DOUBLE PRECISION)
    / SUM(classed.plays) AS paid_share
FROM classed
CROSS JOIN total
GROUP BY classed.browser, total.plays
ORDER BY SUM(classed.plays) DESC, classed.browser
