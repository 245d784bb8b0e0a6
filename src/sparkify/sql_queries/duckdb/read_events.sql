-- name: read_events
-- purpose: Read log files into new_events by the rules of staging/rules.py, and mark what is
--   doubtful: whatever read_json would turn into something else without a word.
-- grain: one record of a log file
-- parameters: files (paths), columns (key -> type, in the order of staging_events, and last the key
--   under which a record may name its source file), source_files (the number of each path),
--   mend_text (whether to mend text that was encoded twice).
-- note: texts are judged by file_doubts_events, in the table. Nearly every record is ASCII, which one
--   look tells.
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
        stripped(artist) AS read_artist,
        stripped(auth) AS auth,
        stripped(firstname) AS read_firstname,
        stripped(gender) AS gender,
        whole_number(number(iteminsession), 0, 999999) AS iteminsession,
        stripped(lastname) AS read_lastname,
        number(length) AS length,
        stripped(level) AS level,
        stripped(location) AS read_location,
        stripped(method) AS method,
        stripped(page) AS page,
        moment(number(registration)) AS registration,
        whole_number(number(sessionid), 0, 9000000000000) AS sessionid,
        stripped(song) AS read_song,
        whole_number(number(status), 0, 999) AS status,
        moment(number(ts)) AS ts,
        stripped(useragent) AS useragent,
        user_id(userid) AS userid,
        source_file,
        file_index,
        length IS NULL AS no_length,
        registration IS NULL AS no_registration,
        status IS NULL AS no_status,
        coalesce(userid, '') = '' AS no_userid
    FROM raw
),

suspected AS (
    SELECT
        *,
        $mend_text AND no_ascii(
            concat(read_artist, read_firstname, read_lastname, read_location, read_song)
        ) AS may_be_mended
    FROM typed
),

mending AS (
    SELECT
        *,
        CASE WHEN may_be_mended THEN mended(read_artist) ELSE read_artist END AS artist,
        CASE WHEN may_be_mended THEN mended(read_firstname) ELSE read_firstname END AS firstname,
        CASE WHEN may_be_mended THEN mended(read_lastname) ELSE read_lastname END AS lastname,
        CASE WHEN may_be_mended THEN mended(read_location) ELSE read_location END AS location,
        CASE WHEN may_be_mended THEN mended(read_song) ELSE read_song END AS song
    FROM suspected
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
    CASE
        WHEN may_be_mended
            THEN coalesce(
                artist <> read_artist OR song <> read_song OR location <> read_location
                OR firstname <> read_firstname OR lastname <> read_lastname,
                FALSE
            )
        ELSE FALSE
    END AS is_mended
FROM mending
