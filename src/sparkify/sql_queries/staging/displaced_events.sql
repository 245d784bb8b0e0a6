-- name: displaced_events
-- purpose: The staged records that yield to a greater one of this load.
-- grain: one staged event: (sessionid, iteminsession)
CREATE TEMPORARY TABLE displaced_events AS
SELECT
    artist,
    auth,
    firstname,
    gender,
    iteminsession,
    lastname,
    length,
    level,
    location,
    method,
    page,
    registration,
    sessionid,
    song,
    status,
    ts,
    useragent,
    userid
FROM ranked_events
WHERE outcome = 'displaced'
