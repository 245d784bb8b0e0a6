-- name: catalogue_listed
-- purpose: Every song of this load stands once in songs, and its artist once in artists.
-- when: songs
SELECT
    'song' AS missing,
    new_ones.song_id,
    COUNT(songs.song_id) AS copies
FROM new_songs AS new_ones
LEFT JOIN songs
    ON new_ones.song_id = songs.song_id
GROUP BY new_ones.song_id
HAVING COUNT(songs.song_id) <> 1
UNION ALL
SELECT
    'artist' AS missing,
    new_ones.song_id,
    COUNT(artists.artist_id) AS copies
FROM new_songs AS new_ones
LEFT JOIN artists
    ON new_ones.artist_id = artists.artist_id
GROUP BY new_ones.song_id
HAVING COUNT(artists.artist_id) <> 1
