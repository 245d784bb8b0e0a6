-- name: new_listeners
-- order: 26
-- group: listeners
-- period: as_of
-- level: no
-- question: How many listeners are new each day, and how many return?
-- answer: On the newest day, {day:day} (UTC), {first_timers:count listener} played for the first
--   time and {returning_listeners:count listener} had played on an earlier day.
-- lead: day
-- columns: day:day, first_timers:count, returning_listeners:count
-- rows: 31
-- chart: line x=day y=first_timers,returning_listeners
-- note: New is who has not played on an earlier day of the data, so on its first day all are. The
--   table shows the newest 31 days with plays.
WITH listener_days AS (
    SELECT
        user_id,
        CAST(start_time AS DATE) AS day
    FROM songplays
    GROUP BY user_id, CAST(start_time AS DATE)
),

first_days AS (
    SELECT
        user_id,
        MIN(day) AS first_day
    FROM listener_days
    GROUP BY user_id
),

days AS (
    SELECT
        listener_days.day,
        COUNT(CASE WHEN listener_days.day = first_days.first_day THEN 1 END) AS first_timers,
        COUNT(CASE WHEN listener_days.day > first_days.first_day THEN 1 END) AS returning_listeners
    FROM listener_days
    INNER JOIN first_days ON listener_days.user_id = first_days.user_id
    GROUP BY listener_days.day
    ORDER BY listener_days.day DESC
    LIMIT 31
)

SELECT
    day,
    first_timers,
    returning_listeners
FROM days
ORDER BY day
