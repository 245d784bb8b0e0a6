-- name: songplays_matched_whole
-- purpose: A play has both its song and its artist from the catalogue, or neither.
-- severity: fail
SELECT
    songplay_id,
    song_id,
    artist_id
FROM songplays
WHERE
    CASE WHEN song_id IS NULL THEN 0 ELSE 1 END
    <> CASE WHEN artist_id IS NULL THEN 0 ELSE 1 END
