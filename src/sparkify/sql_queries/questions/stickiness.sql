-- name: stickiness
-- order: 7
-- group: listeners
-- period: as_of
-- level: yes
-- question: How sticky is the service?
-- answer: In the 30 days up to {newest_day:day} (UTC), {recent_a_day:number listener} played on an
--   average day, of {recent_listeners:count} in all: a stickiness of {recent_stickiness:percent}.
-- columns: month:month, days:count, listeners_a_day:number, listeners:count, stickiness:percent
-- rows: 12
-- chart: line x=month y=stickiness
-- note: Stickiness is the share of a period's listeners who play on an average day; the average is
--   over the days with plays. The table shows the newest twelve months; the first and the last may
--   be incomplete, which makes them look stickier.
WITH listener_days AS (
    SELECT
        user_id,
        CAST(start_time AS DATE) AS day
    FROM songplays
    GROUP BY user_id, CAST(start_time AS DATE)
),

listener_months AS (
    SELECT
        user_id,
        CAST(DATE_TRUNC('month', day) AS DATE) AS month,
        COUNT(*) AS days
    FROM listener_days
    GROUP BY user_id, CAST(DATE_TRUNC('month', day) AS DATE)
),

months AS (
    SELECT
        month,
        COUNT(*) AS listeners,
        CAST(SUM(days) AS BIGINT) AS visits
    FROM listener_months
    GROUP BY month
    ORDER BY month DESC
    LIMIT 12
),

month_days AS (
    SELECT
        CAST(DATE_TRUNC('month', day) AS DATE) AS month,
        COUNT(DISTINCT day) AS days
    FROM listener_days
    GROUP BY CAST(DATE_TRUNC('month', day) AS DATE)
),

newest AS (
    SELECT MAX(day) AS day FROM listener_days
),

recent AS (
    SELECT
        COUNT(DISTINCT listener_days.day) AS days,
        COUNT(*) AS visits,
        COUNT(DISTINCT listener_days.user_id) AS listeners
    FROM listener_days
    CROSS JOIN newest
    WHERE CAST(newest.day - listener_days.day AS INTEGER) < 30
)

SELECT
    months.month,
    month_days.days,
    CAST(months.visits AS DOUBLE PRECISION) / month_days.days AS listeners_a_day,
    months.listeners,
    CAST(months.visits AS DOUBLE PRECISION)
    / (month_days.days * months.listeners) AS stickiness,
    newest.day AS newest_day,
    CAST(recent.visits AS DOUBLE PRECISION) / recent.days AS recent_a_day,
    recent.listeners AS recent_listeners,
    CAST(recent.visits AS DOUBLE PRECISION)
    / (recent.days * recent.listeners) AS recent_stickiness
FROM months
INNER JOIN month_days ON months.month = month_days.month
CROSS JOIN newest
CROSS JOIN recent
ORDER BY months.month ASC
