-- name: staging_events
-- purpose: The events in a warehouse of version 1, as this version has them: with the milliseconds
--   of ts, told in the way of `migrate_events`.
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
    CAST(CAST(ts AS DATE) - DATE '1970-01-01' AS BIGINT) * 86400000
    + CAST(EXTRACT(HOUR FROM ts) AS BIGINT) * 3600000
    + CAST(EXTRACT(MINUTE FROM ts) AS BIGINT) * 60000
    + CAST(FLOOR(EXTRACT(SECOND FROM ts)) AS BIGINT) * 1000
    + MOD(CAST(FLOOR(EXTRACT(MILLISECONDS FROM ts)) AS BIGINT), 1000) AS event_ms
FROM staging_events
