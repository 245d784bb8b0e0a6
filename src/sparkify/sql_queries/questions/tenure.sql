-- name: tenure
-- order: 31
-- group: listeners
-- period: as_of
-- level: no
-- question: How long have listeners been registered when they stay, and when they leave?
-- answer: At their newest event, {all_listeners:count listener} had been registered for a median of
--   {median_all:number day}[; those who stay, for {median_staying:number day}][; those silent for
--   more than a week, for {median_silent:number day}][; those who cancelled, for
--   {median_cancelled:number day}].
-- empty: No event tells when a listener registered, so there is no answer.
-- columns: standing, listeners:count, share:percent, median_days:number, mean_days:number
-- chart: bar x=median_days y=standing
-- note: Days from the registration to the newest event of each listener. Silent are those whose
--   newest event is more than seven days older than the newest of all, and who have not cancelled.
WITH known AS (
    SELECT
        userid,
        MIN(registration) AS registered_at,
        MAX(ts) AS last_seen,
        MAX(CASE WHEN page = 'Cancellation Confirmation' THEN 1 ELSE 0 END) AS cancelled
    FROM staging_events
    WHERE userid IS NOT NULL
    GROUP BY userid
    HAVING MIN(registration) IS NOT NULL
),

newest AS (
    SELECT MAX(ts) AS moment FROM staging_events
),

tenures AS (
    SELECT
        CASE
            WHEN known.cancelled = 1 THEN 3
            WHEN known.last_seen < newest.moment - INTERVAL '7 days' THEN 2
            ELSE 1
        END AS place,
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', known.last_seen)) AS BIGINT)
        - CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', known.registered_at)) AS BIGINT) AS seconds
    FROM known
    CROSS JOIN newest
),

places AS (
    SELECT
        place,
        COUNT(*) AS registered,
        SUM(seconds) AS seconds
    FROM tenures
    GROUP BY place
),

medians AS (
    SELECT
        place,
        CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY seconds) AS DOUBLE PRECISION)
        / 86400 AS days
    FROM tenures
    GROUP BY place
),

median_all AS (
    SELECT
        CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY seconds) AS DOUBLE PRECISION)
        / 86400 AS days
    FROM tenures
),

total AS (
    SELECT COUNT(*) AS registered FROM tenures
),

said AS (
    SELECT
        MAX(CASE WHEN place = 1 THEN days END) AS staying,
        MAX(CASE WHEN place = 2 THEN days END) AS silent,
        MAX(CASE WHEN place = 3 THEN days END) AS cancelled
    FROM medians
)

SELECT
    CASE places.place WHEN 1 THEN 'staying' WHEN 2 THEN 'silent' ELSE 'cancelled' END AS standing,
    places.registered AS listeners,
    CAST(places.registered AS DOUBLE PRECISION) / total.registered AS share,
    medians.days AS median_days,
    CAST(places.seconds AS DOUBLE PRECISION) / (86400 * places.registered) AS mean_days,
    total.registered AS all_listeners,
    median_all.days AS median_all,
    said.staying AS median_staying,
    said.silent AS median_silent,
    said.cancelled AS median_cancelled
FROM places
INNER JOIN medians ON places.place = medians.place
CROSS JOIN median_all
CROSS JOIN total
CROSS JOIN said
ORDER BY places.place
