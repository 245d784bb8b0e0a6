-- name: delete_repeated_songs
-- purpose: Take every record of a repeated key out of the load.
-- when: songs
DELETE FROM new_songs
WHERE EXISTS (
    SELECT 1
    FROM ranked_songs AS repeated
    WHERE repeated.song_id = new_songs.song_id
)
