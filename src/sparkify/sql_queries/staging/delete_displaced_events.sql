-- name: delete_displaced_events
-- purpose: Take the displaced records out of staging.
-- note: few moments are looked for first; DuckDB compares expressions of all rows otherwise.
-- days: a displaced record is of the same moment as the one that displaces it.
-- when: events displaced
DELETE FROM staging_events
WHERE
    ts BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
    AND event_ms IN (SELECT event_ms FROM ranked_events WHERE outcome = 'displaced')
    AND EXISTS (
        SELECT 1
        FROM ranked_events AS displaced
        WHERE
            displaced.outcome = 'displaced'
            AND displaced.event_ms = staging_events.event_ms
            AND COALESCE(displaced.userid, -1) = COALESCE(staging_events.userid, -1)
            AND displaced.sessionid = staging_events.sessionid
            AND displaced.iteminsession = staging_events.iteminsession
    )
