-- name: registered_first
-- purpose: Nobody played before they registered.
-- severity: warn
SELECT
    sessionid,
    iteminsession,
    userid,
    registration,
    ts
FROM staging_events
WHERE registration > ts
