-- name: match_late
-- purpose: Match the plays of earlier loads again where a song that they name came or changed.
-- when: songs
UPDATE songplays
SET
    song_id = rematched.song_id,
    artist_id = rematched.artist_id
FROM (
    SELECT
        events.ts,
        CAST(events.event_ms AS VARCHAR(20)) || '-' || CAST(events.userid AS VARCHAR(20)) || '-'
        || CAST(events.sessionid AS VARCHAR(20)) || '-'
        || CAST(events.iteminsession AS VARCHAR(20)) AS songplay_id,
        matches.song_id,
        matches.artist_id
    FROM staging_events AS events
    INNER JOIN (
        SELECT
            touched.title,
            touched.artist_name,
            touched.duration,
            staged.song_id,
            staged.artist_id
        FROM (
            SELECT
                keys.title,
                keys.artist_name,
                keys.duration,
                MIN(songs.song_id) AS song_id
            FROM (
                SELECT
                    title,
                    artist_name,
                    duration
                FROM new_songs
                UNION ALL
                SELECT
                    title,
                    artist_name,
                    duration
                FROM ranked_songs
                WHERE outcome = 'displaced'
            ) AS keys
            LEFT JOIN staging_songs AS songs
                ON
                    keys.title = songs.title
                    AND keys.artist_name = songs.artist_name
                    AND keys.duration = songs.duration
            GROUP BY keys.title, keys.artist_name, keys.duration
        ) AS touched
        LEFT JOIN staging_songs AS staged
            ON touched.song_id = staged.song_id
    ) AS matches
        ON
            events.song = matches.title
            AND events.artist = matches.artist_name
            AND events.length = matches.duration
    WHERE events.page = 'NextSong'
) AS rematched
WHERE
    songplays.start_time = rematched.ts
    AND songplays.songplay_id = rematched.songplay_id
