-- name: cancellations
-- order: 32
-- group: money
-- period: window
-- level: no
-- question: Who cancels, by level and gender?
-- answer: {all_cancelled:count} of {all_listeners:count listener} ({all_share:percent}) cancelled,
--   most often {gender} at the {level} level{ties}: {cancelled:count} of {listeners:count}
--   ({cancelled_share:percent}).
-- lead: cancelled_share
-- tie: {gender} at the {level} level
-- needs: all_cancelled
-- empty: No cancellations are seen: there is no page Cancellation Confirmation.
-- columns: level, gender, listeners:count, cancelled:count, cancelled_share:percent
-- chart: bar x=cancelled_share y=level,gender
-- note: The level is that of the listener's newest event. Others are those who have not said
--   whether they are women or men.
WITH known AS (
    SELECT
        userid,
        MAX(CASE gender WHEN 'M' THEN 2 WHEN 'F' THEN 1 ELSE 0 END) AS gender,
        MAX(CASE WHEN level = 'free' THEN event_ms END) AS free_ms,
        MAX(CASE WHEN level = 'paid' THEN event_ms END) AS paid_ms,
        MAX(CASE WHEN page = 'Cancellation Confirmation' THEN 1 ELSE 0 END) AS cancelled
    FROM staging_events
    WHERE userid IS NOT NULL
    GROUP BY userid
),

classed AS (
    SELECT
        cancelled,
        CASE gender WHEN 1 THEN 'women' WHEN 2 THEN 'men' ELSE 'others' END AS gender,
        CASE
            WHEN paid_ms >= COALESCE(free_ms, paid_ms) THEN 'paid'
            WHEN free_ms IS NOT NULL THEN 'free'
            ELSE 'unknown'
        END AS level
    FROM known
),

total AS (
    SELECT
        COUNT(*) AS everybody,
        CAST(SUM(cancelled) AS BIGINT) AS cancelled
    FROM classed
)

SELECT
    classed.level,
    classed.gender,
    COUNT(*) AS listeners,
    CAST(SUM(classed.cancelled) AS BIGINT) AS cancelled,
    CAST(SUM(classed.cancelled) AS DOUBLE PRECISION) / COUNT(*) AS cancelled_share,
    total.cancelled AS all_cancelled,
    total.everybody AS all_listeners,
    CAST(total.cancelled AS DOUBLE PRECISION) / total.everybody AS all_share
FROM classed
CROSS JOIN total
GROUP BY classed.level, classed.gender, total.cancelled, total.everybody
ORDER BY classed.level, classed.gender
