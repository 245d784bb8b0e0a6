-- name: delete_displaced_events
-- purpose: Take the displaced records out of staging.
DELETE FROM staging_events
WHERE EXISTS (
    SELECT 1
    FROM displaced_events AS displaced
    WHERE
        displaced.sessionid = staging_events.sessionid
        AND displaced.iteminsession = staging_events.iteminsession
)
