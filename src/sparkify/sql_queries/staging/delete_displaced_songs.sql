-- name: delete_displaced_songs
-- purpose: Take the displaced records out of staging.
-- when: songs displaced
DELETE FROM staging_songs
WHERE EXISTS (
    SELECT 1
    FROM ranked_songs AS displaced
    WHERE
        displaced.outcome = 'displaced'
        AND displaced.song_id = staging_songs.song_id
)
