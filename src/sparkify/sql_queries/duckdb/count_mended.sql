-- name: count_mended
-- purpose: How many records that were read had text that was encoded twice.
SELECT
    'events' AS kind,
    count(*) AS records
FROM new_events
WHERE is_mended
UNION ALL
SELECT
    'songs' AS kind,
    count(*) AS records
FROM new_songs
WHERE is_mended
