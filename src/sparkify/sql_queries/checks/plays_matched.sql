-- name: plays_matched
-- purpose: Every play has the song that equals it, of several the one of the smallest song_id.
-- severity: fail
SELECT
    plays.songplay_id,
    plays.song_id,
    matches.song_id AS matching_song_id
FROM songplays AS plays
INNER JOIN staging_events AS events
    ON plays.songplay_id = events.sessionid * 1000000 + events.iteminsession
LEFT JOIN (
    SELECT
        title,
        artist_name,
        duration,
        MIN(song_id) AS song_id
    FROM staging_songs
    WHERE artist_name IS NOT NULL
    GROUP BY title, artist_name, duration
) AS matches
    ON
        events.song = matches.title
        AND events.artist = matches.artist_name
        AND events.length = matches.duration
WHERE COALESCE(plays.song_id, '') <> COALESCE(matches.song_id, '')
