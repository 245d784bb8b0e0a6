-- name: time_to_paying
-- order: 18
-- group: money
-- period: as_of
-- level: no
-- question: How long does it take from the first play to paying?
-- answer: The median time from the first play to paying is {median_seconds:duration}, among
--   {upgraded:count listener}; the quickest took {quickest_seconds:duration}, the slowest
--   {slowest_seconds:duration}.
-- empty: Nobody has gone from free to paid yet, so there is no answer.
-- columns: time_taken, listeners:count, share:percent
-- chart: bar x=time_taken y=listeners
-- note: Counted from the first play to the first play at the paid level, for those whose first
--   play was at the free level.
WITH firsts AS (
    SELECT
        user_id,
        MIN(CASE WHEN level = 'free' THEN start_time END) AS first_free,
        MIN(CASE WHEN level = 'paid' THEN start_time END) AS first_paid
    FROM songplays
    GROUP BY user_id
),

upgrades AS (
    SELECT
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', first_paid)) AS BIGINT)
        - CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', first_free)) AS BIGINT) AS seconds
    FROM firsts
    WHERE first_free < first_paid
),

spans AS (
    SELECT
        COUNT(*) AS listeners,
        MIN(seconds) AS quickest,
        MAX(seconds) AS slowest
    FROM upgrades
),

median AS (
    SELECT CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY seconds) AS DOUBLE PRECISION) AS seconds
    FROM upgrades
),

classed AS (
    SELECT
        CASE
            WHEN seconds < 86400 THEN 1
            WHEN seconds < 604800 THEN 2
            WHEN seconds < 2592000 THEN 3
            ELSE 4
        END AS place
    FROM upgrades
)

SELECT
    CASE classed.place
        WHEN 1 THEN 'less than a day'
        WHEN 2 THEN '1 to 7 days'
        WHEN 3 THEN '7 to 30 days'
        ELSE '30 days or more'
    END AS time_taken,
    COUNT(*) AS listeners,
    CAST(COUNT(*) AS DOUBLE PRECISION) / spans.listeners AS share,
    spans.listeners AS upgraded,
    median.seconds AS median_seconds,
    spans.quickest AS quickest_seconds,
    spans.slowest AS slowest_seconds
FROM classed
CROSS JOIN spans
CROSS JOIN median
GROUP BY classed.place, spans.listeners, median.seconds, spans.quickest, spans.slowest
ORDER BY classed.place
