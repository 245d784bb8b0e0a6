-- name: paying_listeners
-- order: 3
-- group: money
-- period: window
-- level: no
-- question: How many listeners pay?
-- answer: {all_paying:count} of {all_listeners:count listener} ({all_share:percent})
--   {all_paying:plural has have} played at the paid level. On the newest day, {day:day} (UTC),
--   {paying:count} of {listeners:count} did.
-- lead: day
-- columns: day:day, listeners:count, paying:count, paying_share:percent
-- rows: 31
-- chart: line x=day y=paying_share
-- note: The table shows the newest 31 days with plays. Who pays but does not play is not seen.
WITH listener_days AS (
    SELECT
        CAST(start_time AS DATE) AS day,
        user_id,
        MAX(CASE WHEN level = 'paid' THEN 1 ELSE 0 END) AS paying
    FROM songplays
    GROUP BY CAST(start_time AS DATE), user_id
),

days AS (
    SELECT
        day,
        COUNT(*) AS listeners,
        CAST(SUM(paying) AS BIGINT) AS paying
    FROM listener_days
    GROUP BY day
    ORDER BY day DESC
    LIMIT 31
),

everybody AS (
    SELECT
        COUNT(DISTINCT user_id) AS listeners,
        COUNT(DISTINCT CASE WHEN level = 'paid' THEN user_id END) AS paying
    FROM users
)

SELECT
    days.day,
    days.listeners,
    days.paying,
    CAST(days.paying AS DOUBLE PRECISION) / days.listeners AS paying_share,
    everybody.listeners AS all_listeners,
    everybody.paying AS all_paying,
    CAST(everybody.paying AS DOUBLE PRECISION) / everybody.listeners AS all_share
FROM days
CROSS JOIN everybody
ORDER BY days.day
