-- name: freshness
-- purpose: The newest event was at most two days old when the last load ended.
-- severity: warn
SELECT
    events.newest_event,
    runs.last_load
FROM (SELECT MAX(ts) AS newest_event FROM staging_events) AS events
CROSS JOIN (
    SELECT MAX(finished_at) AS last_load
    FROM etl_runs
    WHERE status = 'published'
) AS runs
WHERE events.newest_event < runs.last_load - INTERVAL '2 days'
