-- name: delete_displaced_songs
-- purpose: Take the displaced records out of staging.
DELETE FROM staging_songs
WHERE EXISTS (
    SELECT 1
    FROM displaced_songs AS displaced
    WHERE displaced.song_id = staging_songs.song_id
)
