-- name: create_copied_events
-- purpose: What COPY takes from the log files themselves, moments still as milliseconds.
-- grain: one record of a log file
CREATE TEMPORARY TABLE copied_events (
    artist VARCHAR(1024),
    auth VARCHAR(64),
    firstname VARCHAR(1024),
    gender VARCHAR(64),
    iteminsession INTEGER,
    lastname VARCHAR(1024),
    length DOUBLE PRECISION,
    level VARCHAR(64),
    location VARCHAR(1024),
    method VARCHAR(64),
    page VARCHAR(64),
    registration DOUBLE PRECISION,
    sessionid BIGINT,
    song VARCHAR(1024),
    status INTEGER,
    ts DOUBLE PRECISION,
    useragent VARCHAR(2048),
    userid BIGINT
)
