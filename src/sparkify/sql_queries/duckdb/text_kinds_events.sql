-- name: text_kinds_events
-- purpose: How many records hold something other than a string where a string belongs: the exact
--   answer for files in which only texts are doubtful.
-- parameters: files (paths), columns (key -> JSON, in the order of staging_events, and one more).
SELECT count(*) AS records
FROM read_json(
    $files, columns = $columns, format = 'newline_delimited'
) AS raw_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location,
    method, page, registration, sessionid, song, status, ts, useragent, userid, source_file
)
WHERE
    no_string(auth) OR no_string(gender) OR no_string(level) OR no_string(method)
    OR no_string(page) OR no_string(useragent)
    OR no_string_or_number(artist) OR no_string_or_number(song)
    OR no_string_or_number(firstname) OR no_string_or_number(lastname)
    OR no_string_or_number(location)
