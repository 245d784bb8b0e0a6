-- name: matches_known
-- purpose: Every matched play has its song and its artist in the catalogue.
-- when: songs
SELECT
    plays.songplay_id,
    plays.song_id,
    plays.artist_id
FROM songplays AS plays
LEFT JOIN songs
    ON plays.song_id = songs.song_id
LEFT JOIN artists
    ON plays.artist_id = artists.artist_id
WHERE
    plays.song_id IS NOT NULL
    AND (songs.song_id IS NULL OR artists.artist_id IS NULL)
