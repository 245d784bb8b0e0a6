-- name: create_new_events
-- purpose: The events of this load, each with the number of its file.
-- grain: one record of a log file
CREATE TEMPORARY TABLE new_events (
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
    event_ms BIGINT NOT NULL,
    source_file INTEGER
)
