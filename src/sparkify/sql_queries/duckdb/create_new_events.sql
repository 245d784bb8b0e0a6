-- name: create_new_events
-- purpose: The events of this load as they are read: staged columns, source file, and doubt.
-- grain: one record of a log file
-- doubt: 0 clean; 1 a text that may have been a number, a boolean or a nested value;
--   2 a value that breaks its rule. Of records that were read with judge_texts off, it says nothing
--   of their texts; file_doubts_events does.
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
    doubt TINYINT
)
