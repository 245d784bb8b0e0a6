-- name: songplays_songs
-- purpose: Every matched play has its song in songs.
-- severity: fail
SELECT
    plays.songplay_id,
    plays.song_id
FROM songplays AS plays
WHERE
    plays.song_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM songs AS known
        WHERE known.song_id = plays.song_id
    )
