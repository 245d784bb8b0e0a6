-- name: returning_listeners
-- order: 5
-- group: listeners
-- period: as_of
-- level: no
-- question: Do listeners come back in later weeks?
-- answer: {came_back:count} of {followed:count listener} ({came_back_share:percent}) played again
--   in the week after their first one, {came_later:count} ({came_later_share:percent}) in any later
--   week.
-- needs: followed
-- empty: There are no plays in two different weeks yet, so nobody can have come back.
-- columns: first_week:day, listeners:count, week_1:percent, week_2:percent, week_3:percent,
--   week_4:percent, week_5:percent, week_6:percent, week_7:percent, week_8:percent
-- rows: 12
-- chart: cohort x=week_1..week_8 y=first_week
-- note: Weeks begin on Monday (UTC). The table shows the newest twelve weeks in which listeners
--   played for the first time, and the share of them that played one to eight weeks later; weeks
--   that the data has not reached are empty, and the newest week may be incomplete.
WITH listener_weeks AS (
    SELECT
        user_id,
        CAST(DATE_TRUNC('week', start_time) AS DATE) AS week
    FROM songplays
    GROUP BY user_id, CAST(DATE_TRUNC('week', start_time) AS DATE)
),

first_weeks AS (
    SELECT
        user_id,
        MIN(week) AS first_week
    FROM listener_weeks
    GROUP BY user_id
),

newest AS (
    SELECT MAX(week) AS week FROM listener_weeks
),

visits AS (
    SELECT
        first_weeks.user_id,
        first_weeks.first_week,
        CAST(listener_weeks.week - first_weeks.first_week AS INTEGER) AS days_later,
        CAST(newest.week - first_weeks.first_week AS INTEGER) AS days_seen
    FROM first_weeks
    INNER JOIN listener_weeks ON first_weeks.user_id = listener_weeks.user_id
    CROSS JOIN newest
),

cohorts AS (
    SELECT
        first_week,
        days_seen,
        COUNT(DISTINCT user_id) AS listeners,
        COUNT(CASE WHEN days_later = 7 THEN 1 END) AS week_1,
        COUNT(CASE WHEN days_later = 14 THEN 1 END) AS week_2,
        COUNT(CASE WHEN days_later = 21 THEN 1 END) AS week_3,
        COUNT(CASE WHEN days_later = 28 THEN 1 END) AS week_4,
        COUNT(CASE WHEN days_later = 35 THEN 1 END) AS week_5,
        COUNT(CASE WHEN days_later = 42 THEN 1 END) AS week_6,
        COUNT(CASE WHEN days_later = 49 THEN 1 END) AS week_7,
        COUNT(CASE WHEN days_later = 56 THEN 1 END) AS week_8
    FROM visits
    GROUP BY first_week, days_seen
    ORDER BY first_week DESC
    LIMIT 12
),

followed AS (
    SELECT
        COUNT(DISTINCT user_id) AS listeners,
        COUNT(DISTINCT CASE WHEN days_later = 7 THEN user_id END) AS came_back,
        COUNT(DISTINCT CASE WHEN days_later > 0 THEN user_id END) AS came_later
    FROM visits
    WHERE days_seen > 0
)

SELECT
    cohorts.first_week,
    cohorts.listeners,
    CAST(CASE WHEN cohorts.days_seen >= 7 THEN cohorts.week_1 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_1,
    CAST(CASE WHEN cohorts.days_seen >= 14 THEN cohorts.week_2 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_2,
    CAST(CASE WHEN cohorts.days_seen >= 21 THEN cohorts.week_3 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_3,
    CAST(CASE WHEN cohorts.days_seen >= 28 THEN cohorts.week_4 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_4,
    CAST(CASE WHEN cohorts.days_seen >= 35 THEN cohorts.week_5 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_5,
    CAST(CASE WHEN cohorts.days_seen >= 42 THEN cohorts.week_6 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_6,
    CAST(CASE WHEN cohorts.days_seen >= 49 THEN cohorts.week_7 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_7,
    CAST(CASE WHEN cohorts.days_seen >= 56 THEN cohorts.week_8 END AS DOUBLE PRECISION)
    / cohorts.listeners AS week_8,
    followed.listeners AS followed,
    followed.came_back,
    followed.came_later,
    CAST(followed.came_back AS DOUBLE PRECISION)
    / NULLIF(followed.listeners, 0) AS came_back_share,
    CAST(followed.came_later AS DOUBLE PRECISION)
    / NULLIF(followed.listeners, 0) AS came_later_share
FROM cohorts
CROSS JOIN followed
ORDER BY cohorts.first_week
