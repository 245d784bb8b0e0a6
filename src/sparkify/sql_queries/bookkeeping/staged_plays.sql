-- name: staged_plays
-- purpose: How many NextSong events are staged: each of them is to be a play.
SELECT COUNT(*) AS staged_plays
FROM staging_events
WHERE page = 'NextSong'
