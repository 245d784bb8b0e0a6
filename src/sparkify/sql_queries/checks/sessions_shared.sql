-- name: sessions_shared
-- purpose: No session number is of several listeners. Where some are, sessions are told apart by
--   listener; count them by the view sessions.
-- severity: warn
SELECT
    shared_numbers,
    most_listeners
FROM (
    SELECT
        COUNT(*) AS shared_numbers,
        MAX(listeners) AS most_listeners
    FROM (
        SELECT
            sessionid,
            COUNT(DISTINCT userid) AS listeners
        FROM staging_events
        GROUP BY sessionid
    ) AS numbers
    WHERE listeners > 1
) AS counted
WHERE shared_numbers > 0
