-- name: delete_displaced_dimension_songs
-- purpose: Take the songs whose staged record was displaced out of the dimension.
-- when: songs displaced
DELETE FROM songs
WHERE song_id IN (SELECT song_id FROM ranked_songs WHERE outcome = 'displaced')
