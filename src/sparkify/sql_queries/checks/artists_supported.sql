-- name: artists_supported
-- purpose: Every artist in artists has a staged song.
-- severity: fail
SELECT artists.artist_id
FROM artists
WHERE
    NOT EXISTS (
        SELECT 1
        FROM staging_songs AS staged
        WHERE staged.artist_id = artists.artist_id
    )
