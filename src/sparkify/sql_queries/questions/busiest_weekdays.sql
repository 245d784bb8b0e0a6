-- name: busiest_weekdays
-- order: 12
-- group: time
-- period: window
-- level: yes
-- question: Which day of the week is strongest?
-- answer: {weekday} is strongest{ties}, with {plays_per_day:number play} on an average
--   {weekday}[, ahead of {next.weekday} with {next.plays_per_day:number}].
-- lead: plays_per_day
-- tie: {weekday}
-- columns: weekday, days:count, plays:count, plays_per_day:number
-- chart: bar x=weekday y=plays_per_day
-- note: The average is over the days with plays; a day without any counts as none. Days are UTC.
WITH days AS (
    SELECT
        CAST(start_time AS DATE) AS day,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CAST(start_time AS DATE)
),

weekdays AS (
    SELECT
        CAST(EXTRACT(DOW FROM day) AS INTEGER) AS place,
        COUNT(*) AS days,
        CAST(SUM(plays) AS BIGINT) AS plays
    FROM days
    GROUP BY CAST(EXTRACT(DOW FROM day) AS INTEGER)
)

SELECT
    CASE place
        WHEN 0 THEN 'Sunday'
        WHEN 1 THEN 'Monday'
        WHEN 2 THEN 'Tuesday'
        WHEN 3 THEN 'Wednesday'
        WHEN 4 THEN 'Thursday'
        WHEN 5 THEN 'Friday'
        ELSE 'Saturday'
    END AS weekday,
    days,
    plays,
    CAST(plays AS DOUBLE PRECISION) / days AS plays_per_day
FROM weekdays
ORDER BY place
