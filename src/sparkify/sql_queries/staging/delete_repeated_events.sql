-- name: delete_repeated_events
-- purpose: Take every record of a repeated key out of the load.
-- when: events
DELETE FROM new_events
WHERE EXISTS (
    SELECT 1
    FROM ranked_events AS repeated
    WHERE
        repeated.event_ms = new_events.event_ms
        AND COALESCE(repeated.userid, -1) = COALESCE(new_events.userid, -1)
        AND repeated.sessionid = new_events.sessionid
        AND repeated.iteminsession = new_events.iteminsession
)
