-- name: events_twice
-- purpose: No event is logged twice within a second: same listener, session, place, page and
--   song, but another time.
-- severity: warn
SELECT
    userid,
    sessionid,
    iteminsession,
    song,
    earlier_ms,
    event_ms
FROM (
    SELECT
        userid,
        sessionid,
        iteminsession,
        song,
        event_ms,
        LAG(event_ms) OVER (
            PARTITION BY userid, sessionid, iteminsession, page, song, artist
            ORDER BY event_ms
        ) AS earlier_ms
    FROM staging_events
) AS events
WHERE event_ms - earlier_ms <= 1000
