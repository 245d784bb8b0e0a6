-- name: create_new_events
-- purpose: The events of this load as they are read: staged columns, source file, doubt, and
--   whether text in it was encoded twice.
-- grain: one record of a log file
-- doubt: 0 clean; 1 a value that breaks its rule, or (of songs; file_doubts_events judges those of
--   events) a text that may have been a number, a boolean or a nested value.
CREATE TABLE new_events (
    artist VARCHAR,
    auth VARCHAR,
    firstname VARCHAR,
    gender VARCHAR,
    iteminsession INTEGER,
    lastname VARCHAR,
    length DOUBLE,
    level VARCHAR,
    location VARCHAR,
    method VARCHAR,
    page VARCHAR,
    registration TIMESTAMP,
    sessionid BIGINT,
    song VARCHAR,
    status INTEGER,
    ts TIMESTAMP,
    useragent VARCHAR,
    userid BIGINT,
    event_ms BIGINT,
    source_file INTEGER,
    doubt TINYINT,
    is_mended BOOLEAN
)
