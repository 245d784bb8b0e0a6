-- name: plays
-- purpose: Every play with what one asks about it: who, what, when, where and on which device.
-- grain: one play: songplay_id
-- note: the log names song and artist of every play, the catalogue describes those that match.
--   Matches are found by the four numbers of an event: to compare their text takes twice as long.
CREATE OR REPLACE VIEW plays AS
SELECT
    heard.songplay_id,
    heard.start_time,
    heard.user_id,
    heard.level,
    users.first_name,
    users.last_name,
    users.gender,
    heard.song,
    heard.artist,
    heard.length,
    matched.song_id,
    matched.artist_id,
    songs.year,
    songs.duration,
    heard.session_id,
    heard.location,
    CASE
        WHEN heard.user_agent LIKE '%iPad%' THEN 'tablet'
        WHEN heard.user_agent LIKE '%iPhone%' THEN 'phone'
        WHEN heard.user_agent LIKE '%Windows Phone%' THEN 'phone'
        WHEN heard.user_agent LIKE '%Android%Mobile%' THEN 'phone'
        WHEN heard.user_agent LIKE '%Android%' THEN 'tablet'
        WHEN heard.user_agent LIKE '%Windows%' THEN 'computer'
        WHEN heard.user_agent LIKE '%Macintosh%' THEN 'computer'
        WHEN heard.user_agent LIKE '%X11%' THEN 'computer'
    END AS device,
    CAST(EXTRACT(HOUR FROM heard.start_time) AS INTEGER) AS hour,
    CAST(EXTRACT(DOW FROM heard.start_time) AS INTEGER) AS weekday
FROM (
    SELECT
        CAST(event_ms AS VARCHAR(20)) || '-' || CAST(userid AS VARCHAR(20)) || '-'
        || CAST(sessionid AS VARCHAR(20)) || '-'
        || CAST(iteminsession AS VARCHAR(20)) AS songplay_id,
        ts AS start_time,
        userid AS user_id,
        iteminsession,
        level,
        song,
        artist,
        length,
        sessionid AS session_id,
        location,
        useragent AS user_agent
    FROM staging_events
    WHERE page = 'NextSong'
) AS heard
LEFT JOIN users
    ON
        heard.user_id = users.user_id
        AND heard.level = users.level
LEFT JOIN (
    SELECT
        start_time,
        user_id,
        session_id,
        CAST(SPLIT_PART(songplay_id, '-', 4) AS INTEGER) AS iteminsession,
        song_id,
        artist_id
    FROM songplays
    WHERE song_id IS NOT NULL
) AS matched
    ON
        heard.start_time = matched.start_time
        AND heard.user_id = matched.user_id
        AND heard.session_id = matched.session_id
        AND heard.iteminsession = matched.iteminsession
LEFT JOIN songs
    ON matched.song_id = songs.song_id
