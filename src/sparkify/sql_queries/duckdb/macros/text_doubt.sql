-- name: text_doubt
-- purpose: Whether an event is doubtful for its texts; see create_new_events.
-- note: over a table this costs less than half of what it does over a file, for a stored text that
--   repeats is judged once.
CREATE OR REPLACE TEMPORARY MACRO text_doubt(
    artist, auth, firstname, gender, lastname, level, location, method, page, song, useragent, userid
) AS
CASE
    -- Nearly every record passes here. The conditions are chosen to be cheap, and to be too strict
    -- rather than too loose: what does not pass is judged by those that follow.
    WHEN begins_plainly(page) AND begins_plainly(coalesce(auth, 'A'))
        AND begins_plainly(coalesce(method, 'A')) AND begins_plainly(coalesce(gender, 'A'))
        AND begins_plainly(coalesce(location, 'A')) AND begins_plainly(coalesce(firstname, 'A'))
        AND begins_plainly(coalesce(lastname, 'A')) AND begins_plainly(coalesce(artist, 'A'))
        AND begins_plainly(coalesce(song, 'A')) AND coalesce(useragent, 'Mozilla/5') >= '!'
        AND coalesce(useragent, 'A') < '[' AND coalesce(useragent < '-' OR useragent >= ':', TRUE)
        AND coalesce(strlen(useragent) BETWEEN 9 AND 2048, TRUE)
        AND coalesce(NOT contains(useragent, chr(0)), TRUE)
        AND coalesce(strlen(gender) < 3, TRUE) AND coalesce(NOT breaks_text(gender, 64), TRUE)
        AND coalesce(NOT breaks_text(auth, 64), TRUE) AND coalesce(NOT breaks_text(method, 64), TRUE)
        AND NOT breaks_text(page, 64) AND coalesce(NOT breaks_text(location, 1024), TRUE)
        AND coalesce(NOT breaks_text(firstname, 1024), TRUE)
        AND coalesce(NOT breaks_text(lastname, 1024), TRUE)
        AND coalesce(NOT breaks_text(artist, 1024), TRUE)
        AND coalesce(NOT breaks_text(song, 1024), TRUE)
        AND coalesce(level, 'free') IN ('free', 'paid')
        AND (page <> 'NextSong' OR (userid IS NOT NULL AND level IS NOT NULL))
        AND no_odd_word(coalesce(firstname, 'A')) AND no_odd_word(coalesce(lastname, 'A'))
        AND no_odd_word(coalesce(location, 'A')) AND no_odd_word(coalesce(artist, 'A'))
        AND no_odd_word(coalesce(song, 'A')) AND no_odd_word(coalesce(auth, 'A'))
        AND no_odd_word(page) AND no_odd_word(coalesce(method, 'A'))
        THEN FALSE
    WHEN page IS NULL OR page = '' THEN TRUE
    WHEN page = 'NextSong' AND (userid IS NULL OR level IS NULL) THEN TRUE
    WHEN level NOT IN ('free', 'paid') THEN TRUE
    WHEN breaks_text(auth, 64) OR breaks_text(gender, 64) THEN TRUE
    WHEN breaks_text(method, 64) OR breaks_text(page, 64) THEN TRUE
    WHEN breaks_text(artist, 1024) OR breaks_text(song, 1024) THEN TRUE
    WHEN breaks_text(firstname, 1024) OR breaks_text(lastname, 1024) THEN TRUE
    WHEN breaks_text(location, 1024) OR breaks_text(useragent, 2048) THEN TRUE
    WHEN may_be_json(auth) OR may_be_json(gender) OR may_be_json(method) THEN TRUE
    WHEN may_be_json(page) OR may_be_json(useragent) THEN TRUE
    WHEN may_be_other(artist) OR may_be_other(song) OR may_be_other(location) THEN TRUE
    WHEN may_be_other(firstname) OR may_be_other(lastname) THEN TRUE
    ELSE FALSE
END
