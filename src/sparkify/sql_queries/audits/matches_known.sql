-- name: matches_known
-- purpose: Every matched play of the days of this load has its song and artist in the catalogue.
-- days: plays of other days than the batch's need not be read.
-- when: events
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
    plays.start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
    AND plays.song_id IS NOT NULL
    AND (songs.song_id IS NULL OR artists.artist_id IS NULL)
