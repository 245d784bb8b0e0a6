-- name: migrate_events
-- purpose: Stage the events of version 1 again: with the milliseconds of ts, and texts mended.
-- note: dates and parts of a moment are exact on every engine. Some count milliseconds from the
--   minute, some from the second.
INSERT INTO staging_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location, method, page,
    registration, sessionid, song, status, ts, useragent, userid, event_ms
)
SELECT
    COALESCE(artists.mended, events.artist) AS artist,
    events.auth,
    COALESCE(firstnames.mended, events.firstname) AS firstname,
    events.gender,
    events.iteminsession,
    COALESCE(lastnames.mended, events.lastname) AS lastname,
    events.length,
    events.level,
    COALESCE(locations.mended, events.location) AS location,
    events.method,
    events.page,
    events.registration,
    events.sessionid,
    COALESCE(songs.mended, events.song) AS song,
    events.status,
    events.ts,
    events.useragent,
    events.userid,
    CAST(CAST(events.ts AS DATE) - DATE '1970-01-01' AS BIGINT) * 86400000
    + CAST(EXTRACT(HOUR FROM events.ts) AS BIGINT) * 3600000
    + CAST(EXTRACT(MINUTE FROM events.ts) AS BIGINT) * 60000
    + CAST(FLOOR(EXTRACT(SECOND FROM events.ts)) AS BIGINT) * 1000
    + MOD(CAST(FLOOR(EXTRACT(MILLISECONDS FROM events.ts)) AS BIGINT), 1000) AS event_ms
FROM older_events AS events
LEFT JOIN mended_texts AS artists
    ON events.artist = artists.text_value
LEFT JOIN mended_texts AS firstnames
    ON events.firstname = firstnames.text_value
LEFT JOIN mended_texts AS lastnames
    ON events.lastname = lastnames.text_value
LEFT JOIN mended_texts AS locations
    ON events.location = locations.text_value
LEFT JOIN mended_texts AS songs
    ON events.song = songs.text_value
