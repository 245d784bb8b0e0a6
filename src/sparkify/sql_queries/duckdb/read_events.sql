-- name: read_events
-- purpose: Read log files into new_events by the rules of staging/rules.py, and mark what is
--   doubtful: whatever read_json would turn into something else without a word.
-- grain: one record of a log file
-- parameters: files (paths), columns (key -> type, in the order of staging_events, and last the key
--   under which a record may name its source file), source_files (the number of each path),
--   mend_text (whether to mend text that was encoded twice).
-- note: texts are judged by file_doubts_events, in the table.
INSERT INTO new_events
WITH raw AS (
    SELECT
        *,
        file_index
    FROM read_json(
        $files, columns = $columns, format = 'newline_delimited', hive_partitioning = FALSE
    ) AS raw_events (
        artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
        method, page, registration, sessionid, song, status, ts, useragent, userid, source_file
    )
),

typed AS (
    SELECT
        mended(stripped(artist), $mend_text) AS artist,
        stripped(auth) AS auth,
        mended(stripped(firstname), $mend_text) AS firstname,
        stripped(gender) AS gender,
        whole_number(number(iteminsession), 0, 999999) AS iteminsession,
        mended(stripped(lastname), $mend_text) AS lastname,
        number(length) AS length,
        stripped(level) AS level,
        mended(stripped(location), $mend_text) AS location,
        stripped(method) AS method,
        stripped(page) AS page,
        moment(number(registration)) AS registration,
        whole_number(number(sessionid), 0, 9000000000000) AS sessionid,
        mended(stripped(song), $mend_text) AS song,
        whole_number(number(status), 0, 999) AS status,
        moment(number(ts)) AS ts,
        stripped(useragent) AS useragent,
        user_id(userid) AS userid,
        source_file,
        file_index,
        length IS NULL AS no_length,
        registration IS NULL AS no_registration,
        status IS NULL AS no_status,
        coalesce(userid, '') = '' AS no_userid,
        strlen(stripped(artist)) AS artist_bytes,
        strlen(stripped(firstname)) AS firstname_bytes,
        strlen(stripped(lastname)) AS lastname_bytes,
        strlen(stripped(location)) AS location_bytes,
        strlen(stripped(song)) AS song_bytes
    FROM raw
)

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
    epoch_ms(ts) AS event_ms,
    coalesce(source_file, $source_files[CAST(file_index AS BIGINT) + 1]) AS source_file,
    CAST(
        NOT (
            ts IS NOT NULL AND sessionid IS NOT NULL AND iteminsession IS NOT NULL
            AND (no_length OR coalesce(length BETWEEN 0 AND 86400, FALSE))
            AND (no_registration OR registration IS NOT NULL)
            AND (no_status OR status IS NOT NULL)
            AND (no_userid OR userid IS NOT NULL)
        ) AS TINYINT
    ) AS doubt,
    coalesce(
        strlen(artist) <> artist_bytes
        OR strlen(firstname) <> firstname_bytes
        OR strlen(lastname) <> lastname_bytes
        OR strlen(location) <> location_bytes
        OR strlen(song) <> song_bytes,
        FALSE
    ) AS is_mended
FROM typed
