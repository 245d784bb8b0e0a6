-- name: text_doubt
-- purpose: How doubtful an event is for its texts; see create_new_events.
-- note: over a table this costs less than half of what it does over a file, for a stored text that
--   repeats is judged once.
CREATE OR REPLACE TEMPORARY MACRO text_doubt(
    artist, auth, firstname, gender, lastname, level, location, method, page, song, useragent, userid
) AS
CASE
    -- Nearly every record passes here. The conditions are chosen to be cheap, and to be too strict
    -- rather than too loose: what does not pass is judged by those that follow.
    WHEN begins_plainly(page) AND begins_plainly(auth) AND begins_plainly(method)
        AND begins_plainly(gender) AND begins_plainly(location)
        AND begins_plainly(firstname) AND begins_plainly(lastname)
        AND begins_plainly(coalesce(artist, 'A')) AND begins_plainly(coalesce(song, 'A'))
        AND useragent >= '!' AND useragent < '[' AND (useragent < '-' OR useragent >= ':')
        AND strlen(useragent) > 8 AND NOT breaks_text(useragent, 2048)
        AND strlen(gender) < 3 AND NOT breaks_text(gender, 64)
        AND NOT breaks_text(auth, 64) AND NOT breaks_text(method, 64)
        AND NOT breaks_text(page, 64) AND NOT breaks_text(location, 1024)
        AND NOT breaks_text(firstname, 1024) AND NOT breaks_text(lastname, 1024)
        AND NOT breaks_text(coalesce(artist, 'A'), 1024)
        AND NOT breaks_text(coalesce(song, 'A'), 1024)
        AND level IN ('free', 'paid') AND userid IS NOT NULL
        AND no_odd_word(firstname) AND no_odd_word(lastname) AND no_odd_word(location)
        AND no_odd_word(coalesce(artist, 'A')) AND no_odd_word(coalesce(song, 'A'))
        AND no_odd_word(auth) AND no_odd_word(page) AND no_odd_word(method)
        THEN 0
    WHEN page IS NULL OR page = '' THEN 2
    WHEN page = 'NextSong' AND (userid IS NULL OR level IS NULL) THEN 2
    WHEN level NOT IN ('free', 'paid') THEN 2
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
END
