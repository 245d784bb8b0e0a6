-- name: touched_artists_listed
-- purpose: Every artist of a staged song of this load stands once in artists.
SELECT
    new_ones.artist_id,
    COUNT(artists.artist_id) AS copies
FROM new_songs AS new_ones
LEFT JOIN artists
    ON new_ones.artist_id = artists.artist_id
GROUP BY new_ones.artist_id, new_ones.song_id
HAVING COUNT(artists.artist_id) <> 1
