-- name: match_late
-- purpose: Match the plays of earlier loads again where a song that they name came or changed.
UPDATE songplays
SET
    song_id = rematched.song_id,
    artist_id = rematched.artist_id
FROM (
    SELECT
        events.sessionid * 1000000 + events.iteminsession AS songplay_id,
        matches.song_id,
        matches.artist_id
    FROM staging_events AS events
    INNER JOIN touched_matches AS touched
        ON
            events.song = touched.title
            AND events.artist = touched.artist_name
            AND events.length = touched.duration
    LEFT JOIN song_matches AS matches
        ON
            events.song = matches.title
            AND events.artist = matches.artist_name
            AND events.length = matches.duration
    WHERE events.page = 'NextSong'
) AS rematched
WHERE songplays.songplay_id = rematched.songplay_id
