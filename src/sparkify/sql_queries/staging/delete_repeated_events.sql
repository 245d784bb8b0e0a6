-- name: delete_repeated_events
-- purpose: Take every record of a repeated key out of the load.
-- when: events
DELETE FROM new_events
WHERE EXISTS (
    SELECT 1
    FROM ranked_events AS repeated
    WHERE
        repeated.sessionid = new_events.sessionid
        AND repeated.iteminsession = new_events.iteminsession
)
