-- name: convert_events
-- purpose: The events of this load as they are staged; the statement fails on a record that breaks
--   a rule, which COPY would let pass, and on an engine that would cut the milliseconds off.
-- grain: one record of a log file
CREATE TEMPORARY TABLE new_events AS
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
    TIMESTAMP 'epoch' + CAST(registration AS BIGINT) * INTERVAL '0.001 second' AS registration,
    sessionid,
    RTRIM(song) AS song,
    status,
    TIMESTAMP 'epoch' + CAST(ts AS BIGINT) * INTERVAL '0.001 second' AS ts,
    RTRIM(useragent) AS useragent,
    userid,
    CAST(ts AS BIGINT) AS event_ms,
    CAST(NULL AS INTEGER) AS source_file,
    CAST(
        CASE
            WHEN
                TIMESTAMP 'epoch' + 1540344794796 * INTERVAL '0.001 second'
                = TIMESTAMP '2018-10-24 01:33:14.796'
                AND ts BETWEEN 946684800000 AND 4133980799999
                AND ts = FLOOR(ts)
                AND COALESCE(registration, 946684800000) BETWEEN 946684800000 AND 4133980799999
                AND COALESCE(registration, 0) = FLOOR(COALESCE(registration, 0))
                AND sessionid BETWEEN 0 AND 9000000000000
                AND iteminsession BETWEEN 0 AND 999999
                AND COALESCE(status, 0) BETWEEN 0 AND 999
                AND COALESCE(userid, 0) BETWEEN 0 AND 9000000000000
                AND COALESCE(length, 0) BETWEEN 0 AND 86400
                AND COALESCE(RTRIM(level), 'free') IN ('free', 'paid')
                AND RTRIM(page) <> ''
                AND (RTRIM(page) <> 'NextSong' OR (userid IS NOT NULL AND level IS NOT NULL))
                THEN '1'
            ELSE 'an event breaks a rule'
        END AS INTEGER
    ) AS keeps_rules
FROM copied_events
