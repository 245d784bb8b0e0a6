-- name: daily_plays
-- order: 19
-- group: time
-- period: window
-- level: yes
-- question: Is listening growing?
-- answer: The newest {recent_days:count day} with plays, up to {day:day} (UTC), had
--   {recent:count play}[, {growth:change} the seven before ({before:count})].
-- lead: day
-- columns: day:day, plays:count, seven_day_mean:number
-- rows: 31
-- chart: line x=day y=plays mean=seven_day_mean
-- note: The table shows the newest 31 days with plays; the average is over the last seven of
--   them, or as many as there are. Days without plays are left out; days are UTC.
WITH days AS (
    SELECT
        CAST(start_time AS DATE) AS day,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CAST(start_time AS DATE)
),

means AS (
    SELECT
        day,
        plays,
        SUM(plays) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week_plays,
        COUNT(*) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS week_days,
        ROW_NUMBER() OVER (ORDER BY day DESC) AS age
    FROM days
),

recent AS (
    SELECT
        CAST(week_plays AS BIGINT) AS plays,
        week_days AS days
    FROM means
    WHERE age = 1
),

earlier AS (
    SELECT CAST(MAX(week_plays) AS BIGINT) AS plays
    FROM means
    WHERE age = 8 AND week_days = 7
)

SELECT
    means.day,
    means.plays,
    CAST(means.week_plays AS DOUBLE PRECISION) / means.week_days AS seven_day_mean,
    recent.plays AS recent,
    recent.days AS recent_days,
    earlier.plays AS before,
    CAST(recent.plays - earlier.plays AS DOUBLE PRECISION) / earlier.plays AS growth
FROM means
CROSS JOIN recent
CROSS JOIN earlier
WHERE means.age <= 31
ORDER BY means.day
