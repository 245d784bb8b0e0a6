-- name: freshness
-- purpose: From when to when the staged events are, in UTC.
SELECT
    MIN(ts) AS oldest_event,
    MAX(ts) AS newest_event
FROM staging_events
