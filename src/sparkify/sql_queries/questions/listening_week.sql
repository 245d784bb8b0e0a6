-- name: listening_week
-- order: 29
-- group: time
-- period: window
-- level: yes
-- question: When in the week do people listen?
-- answer: The busiest hour of the week is {best_weekday} from {best_hour:hour} UTC, with
--   {best_plays:count play}, {best_share:percent} of all.
-- columns: hour, monday:count, tuesday:count, wednesday:count, thursday:count, friday:count,
--   saturday:count, sunday:count
-- rows: 24
-- chart: heat x=hour y=monday..sunday
-- note: Hours are UTC, not the listener's own. An hour without plays on any day is not listed. Of
--   equally busy hours the first after Monday's midnight is named.
WITH hours AS (
    SELECT
        CAST(EXTRACT(HOUR FROM start_time) AS INTEGER) AS hour,
        MOD(CAST(EXTRACT(DOW FROM start_time) AS INTEGER) + 6, 7) AS weekday,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY
        CAST(EXTRACT(HOUR FROM start_time) AS INTEGER),
        MOD(CAST(EXTRACT(DOW FROM start_time) AS INTEGER) + 6, 7)
),

best AS (
    SELECT
        CASE weekday
            WHEN 0 THEN 'Monday'
            WHEN 1 THEN 'Tuesday'
            WHEN 2 THEN 'Wednesday'
            WHEN 3 THEN 'Thursday'
            WHEN 4 THEN 'Friday'
            WHEN 5 THEN 'Saturday'
            ELSE 'Sunday'
        END AS day_name,
        hour,
        plays
    FROM hours
    ORDER BY plays DESC, weekday ASC, hour ASC
    LIMIT 1
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    hours.hour,
    CAST(SUM(CASE WHEN hours.weekday = 0 THEN hours.plays ELSE 0 END) AS BIGINT) AS monday,
    CAST(SUM(CASE WHEN hours.weekday = 1 THEN hours.plays ELSE 0 END) AS BIGINT) AS tuesday,
    CAST(SUM(CASE WHEN hours.weekday = 2 THEN hours.plays ELSE 0 END) AS BIGINT) AS wednesday,
    CAST(SUM(CASE WHEN hours.weekday = 3 THEN hours.plays ELSE 0 END) AS BIGINT) AS thursday,
    CAST(SUM(CASE WHEN hours.weekday = 4 THEN hours.plays ELSE 0 END) AS BIGINT) AS friday,
    CAST(SUM(CASE WHEN hours.weekday = 5 THEN hours.plays ELSE 0 END) AS BIGINT) AS saturday,
    CAST(SUM(CASE WHEN hours.weekday = 6 THEN hours.plays ELSE 0 END) AS BIGINT) AS sunday,
    best.day_name AS best_weekday,
    best.hour AS best_hour,
    best.plays AS best_plays,
    CAST(best.plays AS DOUBLE PRECISION) / total.plays AS best_share
FROM hours
CROSS JOIN best
CROSS JOIN total
GROUP BY hours.hour, best.day_name, best.hour, best.plays, total.plays
ORDER BY hours.hour
