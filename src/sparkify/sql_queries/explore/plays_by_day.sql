-- name: plays_by_day
-- group: other
-- period: window
-- level: yes
-- question: On which days?
-- answer: Most on {day:day}{ties}: {plays:count play} by {listeners:count listener}.
-- lead: plays
-- tie: {day:day}
-- columns: day:day, plays:count, listeners:count
-- rows: 366
-- chart: line x=day y=plays
-- note: The newest 366 days with plays; days are UTC.
SELECT
    day,
    plays,
    listeners
FROM (
    SELECT
        CAST(start_time AS DATE) AS day,
        COUNT(*) AS plays,
        COUNT(DISTINCT user_id) AS listeners
    FROM plays
    GROUP BY CAST(start_time AS DATE)
    ORDER BY day DESC
    LIMIT 366
) AS newest_days
ORDER BY day ASC
