-- name: return_kept_events
-- purpose: Put the one new record of a repeated key that stays back into the load.
-- when: events
INSERT INTO new_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location, method,
    page, registration, sessionid, song, status, ts, useragent, userid, event_ms, source_file
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
    event_ms,
    source_file
FROM ranked_events
WHERE outcome = 'kept'
