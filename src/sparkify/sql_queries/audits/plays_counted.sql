-- name: plays_counted
-- purpose: As many plays as staged NextSong events.
SELECT
    events.staged_plays,
    facts.plays
FROM (SELECT COUNT(*) AS staged_plays FROM staging_events WHERE page = 'NextSong') AS events
CROSS JOIN (SELECT COUNT(*) AS plays FROM songplays) AS facts
WHERE events.staged_plays <> facts.plays
