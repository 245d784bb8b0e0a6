-- name: read_events
-- purpose: Read log files into new_events by the rules of staging/rules.py, and mark what is
--   doubtful: whatever read_json would turn into something else without a word.
-- grain: one record of a log file
-- parameters: files (paths), columns (key -> type, in the order of staging_events, and last the key
--   under which a record may name its source file), source_files (the number of each path).
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
        concat(
            artist, auth, firstname, gender, lastname, location, method, page, song, useragent
        ) AS texts,
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
    coalesce(source_file, $source_files[CAST(file_index AS BIGINT) + 1]) AS source_file,
    CASE
        -- Nearly every record passes here. The conditions are chosen to be cheap, and to be too
        -- strict rather than too loose: what does not pass is judged by those that follow.
        WHEN ts >= TIMESTAMP '2000-01-01' AND registration >= TIMESTAMP '2000-01-01'
            AND sessionid >= 0 AND iteminsession >= 0 AND status >= 0 AND userid >= 0
            AND coalesce(length, 0) BETWEEN 0 AND 86400 AND has_length = (length IS NOT NULL)
            AND begins_plainly(page) AND begins_plainly(auth) AND begins_plainly(method)
            AND begins_plainly(gender) AND begins_plainly(location)
            AND begins_plainly(firstname) AND begins_plainly(lastname)
            AND begins_plainly(coalesce(artist, 'A')) AND begins_plainly(coalesce(song, 'A'))
            AND useragent >= '!' AND useragent < '[' AND (useragent < '-' OR useragent >= ':')
            AND strlen(auth) <= 64 AND strlen(gender) < 3 AND strlen(method) <= 64
            AND strlen(page) <= 64 AND strlen(useragent) > 8
            AND strlen(texts) <= 1024 AND NOT contains(texts, chr(0))
            AND level IN ('free', 'paid')
            AND no_odd_word(firstname) AND no_odd_word(lastname) AND no_odd_word(location)
            AND no_odd_word(coalesce(artist, 'A')) AND no_odd_word(coalesce(song, 'A'))
            AND no_odd_word(auth) AND no_odd_word(page) AND no_odd_word(method)
            THEN 0
        WHEN ts IS NULL OR sessionid IS NULL OR iteminsession IS NULL THEN 2
        WHEN page IS NULL OR page = '' THEN 2
        WHEN page = 'NextSong' AND (userid IS NULL OR level IS NULL) THEN 2
        WHEN level NOT IN ('free', 'paid') THEN 2
        WHEN has_length AND (length IS NULL OR length NOT BETWEEN 0 AND 86400) THEN 2
        WHEN has_registration AND registration IS NULL THEN 2
        WHEN has_status AND status IS NULL THEN 2
        WHEN has_userid AND userid IS NULL THEN 2
        WHEN breaks_text(auth, 64) OR breaks_text(gender, 64) THEN 2
        WHEN breaks_text(method, 64) OR breaks_text(page, 64) THEN 2
        WHEN breaks_text(artist, 1024) OR breaks_text(song, 1024) THEN 2
        WHEN breaks_text(firstname, 1024) OR breaks_text(lastname, 1024) THEN 2
        WHEN breaks_text(location, 1024) OR breaks_text(useragent, 2048) THEN 2
        WHEN may_be_json(auth) OR may_be_json(gender) OR may_be_json(method) THEN 1
        WHEN may_be_json(page) OR may_be_json(useragent) THEN 1
        WHEN may_be_other(artist) OR may_be_other(song) OR may_be_other(location) THEN 1
        WHEN may_be_other(firstname) OR may_be_other(lastname) THEN 1
        ELSE 0
    END AS doubt
FROM typed
