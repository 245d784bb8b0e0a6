-- name: all_as_new_events
-- purpose: For a rebuild: everything that is staged stands for the records of the load.
CREATE TEMPORARY TABLE new_events AS
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
FROM staging_events
