-- name: read_events
-- purpose: Read log files into new_events by the rules of staging/rules.py, and mark what is
--   doubtful: whatever read_json would turn into something else without a word.
-- grain: one record of a log file
-- parameters: files (paths), columns (key -> type, in the order of staging_events, and last the key
--   under which a record may name its source file), source_files (the number of each path),
--   judge_texts (whether to judge texts here, or leave that to file_doubts_events).
INSERT INTO new_events
WITH raw AS (
    SELECT
        *,
        file_index
    FROM read_json($files, columns = $columns, format = 'newline_delimited') AS raw_events (
        artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
        method, page, registration, sessionid, song, status, ts, useragent, userid, source_file
    )
),

typed AS (
    SELECT
        stripped(artist) AS artist,
        stripped(auth) AS auth,
        stripped(firstname) AS firstname,
        stripped(gender) AS gender,
        whole_number(number(iteminsession), 0, 999999) AS iteminsession,
        stripped(lastname) AS lastname,
        number(length) AS length,
        stripped(level) AS level,
        stripped(location) AS location,
        stripped(method) AS method,
        stripped(page) AS page,
        moment(number(registration)) AS registration,
        whole_number(number(sessionid), 0, 9000000000000) AS sessionid,
        stripped(song) AS song,
        whole_number(number(status), 0, 999) AS status,
        moment(number(ts)) AS ts,
        stripped(useragent) AS useragent,
        user_id(userid) AS userid,
        source_file,
        file_index,
        length IS NOT NULL AS has_length,
        registration IS NOT NULL AS has_registration,
        status IS NOT NULL AS has_status,
        userid <> '' AS has_userid
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
    CASE
        -- Nearly every record passes here, where texts are judged later.
        WHEN NOT $judge_texts
            AND ts >= TIMESTAMP '2000-01-01' AND registration >= TIMESTAMP '2000-01-01'
            AND sessionid >= 0 AND iteminsession >= 0 AND status >= 0 AND userid >= 0
            AND coalesce(length, 0) BETWEEN 0 AND 86400 AND has_length = (length IS NOT NULL)
            THEN 0
        WHEN ts IS NULL OR sessionid IS NULL OR iteminsession IS NULL THEN 2
        WHEN has_length AND (length IS NULL OR length NOT BETWEEN 0 AND 86400) THEN 2
        WHEN has_registration AND registration IS NULL THEN 2
        WHEN has_status AND status IS NULL THEN 2
        WHEN has_userid AND userid IS NULL THEN 2
        WHEN $judge_texts
            THEN text_doubt(
                artist, auth, firstname, gender, lastname, level, location, method, page, song,
                useragent, userid
            )
        ELSE 0
    END AS doubt
FROM typed
