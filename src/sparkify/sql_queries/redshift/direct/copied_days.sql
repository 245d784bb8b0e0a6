-- name: copied_days
-- purpose: The days of the events that COPY took, so that a load reads no other days of history.
-- grain: one day; a null for records that break a rule
SELECT DISTINCT
    CAST(
        TIMESTAMP 'epoch'
        + CAST(CASE WHEN ts BETWEEN 946684800000 AND 4133980799999 THEN ts END AS BIGINT)
        * INTERVAL '0.001 second' AS DATE
    ) AS event_day
FROM copied_events
