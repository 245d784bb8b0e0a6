-- name: registered_first
-- purpose: Nobody played before they registered.
-- severity: warn
SELECT
    event_ms,
    sessionid,
    iteminsession,
    userid,
    registration,
    ts
FROM staging_events
WHERE registration > ts
