-- name: delete_repeated_events
-- purpose: Take every record of a repeated key out of the load.
-- note: few moments are looked for first; DuckDB compares expressions of all rows otherwise.
-- when: events
DELETE FROM new_events
WHERE
    event_ms IN (SELECT event_ms FROM ranked_events)
    AND EXISTS (
        SELECT 1
        FROM ranked_events AS repeated
        WHERE
            repeated.event_ms = new_events.event_ms
            AND COALESCE(repeated.userid, -1) = COALESCE(new_events.userid, -1)
            AND repeated.sessionid = new_events.sessionid
            AND repeated.iteminsession = new_events.iteminsession
    )
