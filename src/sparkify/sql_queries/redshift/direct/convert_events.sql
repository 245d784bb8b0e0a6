-- name: convert_events
-- purpose: The events of this load as they are staged; the statement fails on a record that breaks
--   a rule, which COPY would let pass, on one that COPY may have written otherwise than its file
--   does, and where the engine cut a millisecond off.
-- note: `+ 0` makes 0.0 of -0.0, as on DuckDB.
-- grain: one record of a log file
CREATE TEMPORARY TABLE new_events AS
SELECT
    artist,
    auth,
    firstname,
    gender,
    CAST(iteminsession AS INTEGER) AS iteminsession,
    lastname,
    length + 0 AS length,
    level,
    location,
    method,
    page,
    registration,
    CAST(sessionid AS BIGINT) AS sessionid,
    song,
    CAST(status AS INTEGER) AS status,
    ts,
    useragent,
    CAST(userid AS BIGINT) AS userid,
    event_ms,
    CAST(NULL AS INTEGER) AS source_file,
    CAST(
        CASE
            WHEN
                milliseconds BETWEEN 946684800000 AND 4133980799999
                AND milliseconds = FLOOR(milliseconds)
                AND CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', ts)) AS BIGINT) * 1000
                = event_ms - MOD(event_ms, 1000)
                AND MOD(CAST(EXTRACT(MILLISECOND FROM ts) AS BIGINT), 1000) = MOD(event_ms, 1000)
                AND COALESCE(registered, 946684800000) BETWEEN 946684800000 AND 4133980799999
                AND COALESCE(registered, 0) = FLOOR(COALESCE(registered, 0))
                AND sessionid BETWEEN 0 AND 9000000000000
                AND sessionid = FLOOR(sessionid)
                AND iteminsession BETWEEN 0 AND 999999
                AND iteminsession = FLOOR(iteminsession)
                AND COALESCE(status, 0) BETWEEN 0 AND 999
                AND COALESCE(status, 0) = FLOOR(COALESCE(status, 0))
                AND COALESCE(userid, '0') ~ '^[0-9]+$'
                AND CAST(COALESCE(userid, '0') AS BIGINT) <= 9000000000000
                AND COALESCE(length, 0) BETWEEN 0 AND 86400
                AND COALESCE(level, 'free') IN ('free', 'paid')
                AND page <> ''
                AND (page <> 'NextSong' OR (userid IS NOT NULL AND level IS NOT NULL))
                AND TRANSLATE(names, '[]', '{}') !~ :odd_name
                AND names !~ :encoded_twice
                AND TRANSLATE(texts, '[]', '{}') !~ :odd_text
                THEN '1'
            ELSE 'an event breaks a rule'
        END AS INTEGER
    ) AS keeps_rules
FROM (
    SELECT
        RTRIM(artist) AS artist,
        RTRIM(auth) AS auth,
        RTRIM(firstname) AS firstname,
        RTRIM(gender) AS gender,
        iteminsession,
        RTRIM(lastname) AS lastname,
        length,
        RTRIM(level) AS level,
        RTRIM(location) AS location,
        RTRIM(method) AS method,
        RTRIM(page) AS page,
        registration AS registered,
        TIMESTAMP 'epoch' + CAST(registration AS BIGINT) * INTERVAL '0.001 second' AS registration,
        sessionid,
        RTRIM(song) AS song,
        status,
        ts AS milliseconds,
        TIMESTAMP 'epoch' + CAST(ts AS BIGINT) * INTERVAL '0.001 second' AS ts,
        RTRIM(useragent) AS useragent,
        NULLIF(RTRIM(userid), '') AS userid,
        CAST(ts AS BIGINT) AS event_ms,
        '|' || COALESCE(artist, '') || '|' || COALESCE(song, '') || '|' || COALESCE(location, '')
        || '|' || COALESCE(firstname, '') || '|' || COALESCE(lastname, '') || '|' AS names,
        '|' || COALESCE(page, '') || '|' || COALESCE(auth, '') || '|' || COALESCE(method, '')
        || '|' || COALESCE(gender, '') || '|' || COALESCE(useragent, '') || '|' AS texts
    FROM copied_events
) AS records
