-- name: hours_served
-- order: 23
-- group: time
-- period: window
-- level: yes
-- question: How many hours of music did we serve?
-- answer: We served {all_hours:number hour} of music to {all_listeners:count listener}:
--   {all_hours_each:number hour} each.
-- columns: week:day, plays:count, listeners:count, hours:number, hours_per_listener:number,
--   days:count
-- rows: 12
-- chart: line x=week y=hours
-- coverage: [The length of {unknown:count play} is not known and counts as nothing.]
-- note: A song counts with its whole length, even when it was cut short. The table shows the newest
--   twelve weeks with plays, by their Monday (UTC), and on how many days of each there were plays.
WITH listener_weeks AS (
    SELECT
        CAST(DATE_TRUNC('week', ts) AS DATE) AS week,
        userid,
        COUNT(*) AS plays,
        COUNT(length) AS known,
        SUM(CAST(length AS DECIMAL(18, 5))) AS seconds
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY CAST(DATE_TRUNC('week', ts) AS DATE), userid
),

weeks AS (
    SELECT
        week,
        CAST(SUM(plays) AS BIGINT) AS plays,
        COUNT(*) AS listeners,
        CAST(COALESCE(SUM(seconds), 0) AS DOUBLE PRECISION) AS seconds
    FROM listener_weeks
    GROUP BY week
    ORDER BY week DESC
    LIMIT 12
),

week_days AS (
    SELECT
        CAST(DATE_TRUNC('week', ts) AS DATE) AS week,
        COUNT(DISTINCT CAST(ts AS DATE)) AS days
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY CAST(DATE_TRUNC('week', ts) AS DATE)
),

total AS (
    SELECT
        COUNT(DISTINCT userid) AS listeners,
        CAST(COALESCE(SUM(seconds), 0) AS DOUBLE PRECISION) AS seconds,
        CAST(SUM(plays - known) AS BIGINT) AS unknown
    FROM listener_weeks
)

SELECT
    weeks.week,
    weeks.plays,
    weeks.listeners,
    weeks.seconds / 3600 AS hours,
    weeks.seconds / (3600 * weeks.listeners) AS hours_per_listener,
    week_days.days,
    total.listeners AS all_listeners,
    total.seconds / 3600 AS all_hours,
    total.seconds / (3600 * total.listeners) AS all_hours_each,
    NULLIF(total.unknown, 0) AS unknown
FROM weeks
INNER JOIN week_days ON weeks.week = week_days.week
CROSS JOIN total
ORDER BY weeks.week
