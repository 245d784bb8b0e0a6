-- name: songs_reconciled
-- purpose: Every staged song is in songs with its artist in artists, and the reverse.
-- severity: fail
SELECT
    staged.song_id AS staged_song_id,
    songs.song_id,
    staged.artist_id AS staged_artist_id,
    artists.artist_id
FROM staging_songs AS staged
FULL OUTER JOIN songs
    ON staged.song_id = songs.song_id
LEFT JOIN artists
    ON staged.artist_id = artists.artist_id
WHERE
    staged.song_id IS NULL
    OR songs.song_id IS NULL
    OR artists.artist_id IS NULL
