-- name: catalogue_kept
-- purpose: Every staged song is in songs, and its artist in artists.
-- note: so plays of all times that this load matched have both, though no play is read.
-- when: songs
SELECT
    staged.song_id,
    staged.artist_id
FROM staging_songs AS staged
LEFT JOIN songs
    ON staged.song_id = songs.song_id
LEFT JOIN artists
    ON staged.artist_id = artists.artist_id
WHERE
    songs.song_id IS NULL
    OR artists.artist_id IS NULL
