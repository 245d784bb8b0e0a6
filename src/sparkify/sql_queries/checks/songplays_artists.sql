-- name: songplays_artists
-- purpose: Every matched play has its artist in artists.
-- severity: fail
SELECT
    plays.songplay_id,
    plays.artist_id
FROM songplays AS plays
WHERE
    plays.artist_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM artists AS known
        WHERE known.artist_id = plays.artist_id
    )
