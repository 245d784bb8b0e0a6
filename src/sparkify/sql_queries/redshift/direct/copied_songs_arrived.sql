-- name: copied_songs_arrived
-- purpose: Every record that COPY took is to be staged or is a duplicate.
SELECT
    copied.records,
    kept.records AS kept,
    ranked.duplicates
FROM (SELECT COUNT(*) AS records FROM copied_songs) AS copied
CROSS JOIN (SELECT COUNT(*) AS records FROM new_songs) AS kept
CROSS JOIN (
    SELECT COUNT(*) AS duplicates
    FROM ranked_songs
    WHERE outcome = 'duplicate'
) AS ranked
WHERE copied.records <> kept.records + ranked.duplicates
