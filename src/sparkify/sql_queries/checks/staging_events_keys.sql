-- name: staging_events_keys
-- purpose: The key of staging_events is never null and never stands twice.
-- severity: fail
SELECT
    sessionid,
    iteminsession,
    COUNT(*) AS copies
FROM staging_events
GROUP BY sessionid, iteminsession
HAVING
    COUNT(*) > 1
    OR sessionid IS NULL
    OR iteminsession IS NULL
