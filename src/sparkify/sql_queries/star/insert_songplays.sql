-- name: insert_songplays
-- purpose: Every NextSong event of this load becomes a play, matched to the catalogue or not; of
--   several songs with one title, artist and length the smallest song_id.
-- when: events
INSERT INTO songplays (
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, location, user_agent
)
SELECT
    events.sessionid * 1000000 + events.iteminsession AS songplay_id,
    events.ts AS start_time,
    events.userid AS user_id,
    events.level,
    matches.song_id,
    matches.artist_id,
    events.sessionid AS session_id,
    events.location,
    CASE
        WHEN events.useragent LIKE '"%"'
            THEN SUBSTRING(events.useragent, 2, LENGTH(events.useragent) - 2)
        ELSE events.useragent
    END AS user_agent
FROM new_events AS events
LEFT JOIN (
    SELECT
        candidates.title,
        candidates.artist_name,
        candidates.duration,
        staged.song_id,
        staged.artist_id
    FROM (
        SELECT
            title,
            artist_name,
            duration,
            MIN(song_id) AS song_id
        FROM staging_songs
        WHERE artist_name IS NOT NULL
        GROUP BY title, artist_name, duration
    ) AS candidates
    INNER JOIN staging_songs AS staged
        ON candidates.song_id = staged.song_id
) AS matches
    ON
        events.song = matches.title
        AND events.artist = matches.artist_name
        AND events.length = matches.duration
WHERE events.page = 'NextSong'
