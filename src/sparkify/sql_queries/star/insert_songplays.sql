-- name: insert_songplays
-- purpose: Every NextSong event of this load becomes a play, matched to the catalogue or not; of
--   several songs with one title, artist and length the smallest song_id.
-- note: numbering the catalogue takes less time and memory than grouping it and joining the rest.
-- when: events
INSERT INTO songplays (
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, location, user_agent
)
SELECT
    CAST(events.event_ms AS VARCHAR(20)) || '-' || CAST(events.userid AS VARCHAR(20)) || '-'
    || CAST(events.sessionid AS VARCHAR(20)) || '-'
    || CAST(events.iteminsession AS VARCHAR(20)) AS songplay_id,
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
        title,
        artist_name,
        duration,
        song_id,
        artist_id
    FROM (
        SELECT
            title,
            artist_name,
            duration,
            song_id,
            artist_id,
            ROW_NUMBER() OVER (
                PARTITION BY title, artist_name, duration ORDER BY song_id
            ) AS place
        FROM staging_songs
        WHERE artist_name IS NOT NULL
    ) AS candidates
    WHERE place = 1
) AS matches
    ON
        events.song = matches.title
        AND events.artist = matches.artist_name
        AND events.length = matches.duration
WHERE events.page = 'NextSong'
