-- name: staging_events_keys
-- purpose: The key of staging_events is never null and never stands twice.
-- severity: fail
SELECT
    event_ms,
    COALESCE(userid, -1) AS listener,
    sessionid,
    iteminsession,
    COUNT(*) AS copies
FROM staging_events
GROUP BY event_ms, COALESCE(userid, -1), sessionid, iteminsession
HAVING
    COUNT(*) > 1
    OR event_ms IS NULL
    OR sessionid IS NULL
    OR iteminsession IS NULL
