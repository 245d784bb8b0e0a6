-- name: new_songs_listed
-- purpose: Every song of this load stands once in songs.
SELECT
    new_ones.song_id,
    COUNT(songs.song_id) AS copies
FROM new_songs AS new_ones
LEFT JOIN songs
    ON new_ones.song_id = songs.song_id
GROUP BY new_ones.song_id
HAVING COUNT(songs.song_id) <> 1
