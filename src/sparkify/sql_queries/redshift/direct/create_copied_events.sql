-- name: create_copied_events
-- purpose: What COPY takes from the log files themselves: moments still as milliseconds, whole
--   numbers as they may be written (7.0), listeners as text, to be judged afterwards.
-- grain: one record of a log file
CREATE TEMPORARY TABLE copied_events (
    artist VARCHAR(1024),
    auth VARCHAR(64),
    firstname VARCHAR(1024),
    gender VARCHAR(64),
    iteminsession DOUBLE PRECISION,
    lastname VARCHAR(1024),
    length DOUBLE PRECISION,
    level VARCHAR(64),
    location VARCHAR(1024),
    method VARCHAR(64),
    page VARCHAR(64),
    registration DOUBLE PRECISION,
    sessionid DOUBLE PRECISION,
    song VARCHAR(1024),
    status DOUBLE PRECISION,
    ts DOUBLE PRECISION,
    useragent VARCHAR(2048),
    userid VARCHAR(64)
)
