-- name: staging_events
-- purpose: Every accepted record of the activity logs, once; columns as in log_json_path.json, and
--   the milliseconds of ts as the log writes them.
-- grain: one log event: (event_ms, userid, sessionid, iteminsession), a missing userid as -1
CREATE TABLE IF NOT EXISTS staging_events (
    artist VARCHAR(1024),
    auth VARCHAR(64),
    firstname VARCHAR(1024),
    gender VARCHAR(64),
    iteminsession INTEGER NOT NULL,
    lastname VARCHAR(1024),
    length DOUBLE PRECISION,
    level VARCHAR(64),
    location VARCHAR(1024),
    method VARCHAR(64),
    page VARCHAR(64) NOT NULL,
    registration TIMESTAMP,
    sessionid BIGINT NOT NULL,
    song VARCHAR(1024),
    status INTEGER,
    ts TIMESTAMP NOT NULL,
    useragent VARCHAR(2048),
    userid BIGINT,
    event_ms BIGINT NOT NULL
)
