-- name: plays_matched
-- purpose: Every play has the song that equals it, of several the one of the smallest song_id.
-- severity: fail
WITH songs_by_content AS (
    SELECT
        title,
        artist_name,
        duration,
        MIN(song_id) AS song_id
    FROM staging_songs
    WHERE artist_name IS NOT NULL
    GROUP BY title, artist_name, duration
),

matches AS (
    SELECT
        CAST(events.event_ms AS VARCHAR(20)) || '-' || CAST(events.userid AS VARCHAR(20)) || '-'
        || CAST(events.sessionid AS VARCHAR(20)) || '-'
        || CAST(events.iteminsession AS VARCHAR(20)) AS songplay_id,
        songs_by_content.song_id
    FROM staging_events AS events
    INNER JOIN songs_by_content
        ON
            events.song = songs_by_content.title
            AND events.artist = songs_by_content.artist_name
            AND events.length = songs_by_content.duration
    WHERE events.page = 'NextSong'
)

SELECT
    plays.songplay_id,
    plays.song_id,
    matches.song_id AS matching_song_id
FROM songplays AS plays
LEFT JOIN matches
    ON plays.songplay_id = matches.songplay_id
WHERE COALESCE(plays.song_id, '') <> COALESCE(matches.song_id, '')
