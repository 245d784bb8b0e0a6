-- name: stickiness
-- order: 7
-- group: listeners
-- question: How sticky is the service?
-- answer: In {month:month}, {listeners_a_day:number listener} played on a mean day, of
--   {listeners:count} in the whole month: a stickiness of {stickiness:percent}.
-- lead: month
-- columns: month:month, days:count, listeners_a_day:number, listeners:count, stickiness:percent
-- rows: 12
-- chart: line x=month y=stickiness
-- note: The mean is over the days with plays (UTC). The table shows the newest twelve months; the
--   first and the last may be incomplete, which makes them look stickier.
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
)

SELECT
    months.month,
    month_days.days,
    CAST(months.visits AS DOUBLE PRECISION) / month_days.days AS listeners_a_day,
    months.listeners,
    CAST(months.visits AS DOUBLE PRECISION)
    / (month_days.days * months.listeners) AS stickiness
FROM months
INNER JOIN month_days ON months.month = month_days.month
ORDER BY months.month
