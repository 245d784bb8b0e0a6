-- name: stage_events
-- purpose: Stage the accepted records of this load.
-- when: events
INSERT INTO staging_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location, method,
    page, registration, sessionid, song, status, ts, useragent, userid, event_ms
)
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
    userid,
    event_ms
FROM new_events
