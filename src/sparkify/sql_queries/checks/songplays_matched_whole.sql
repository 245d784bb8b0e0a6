-- name: songplays_matched_whole
-- purpose: A play has both its song and its artist from the catalogue, or neither.
-- severity: fail
SELECT
    songplay_id,
    song_id,
    artist_id
FROM songplays
WHERE
    (song_id IS NULL AND artist_id IS NOT NULL)
    OR (song_id IS NOT NULL AND artist_id IS NULL)
