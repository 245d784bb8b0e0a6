-- name: plays_counted
-- purpose: As many plays as staged NextSong events, and with the same keys.
-- note: equal counts and equal sums of keys that are unique in staging; a join of all plays with
--   all events would cost as much as making them.
SELECT
    events.staged_plays,
    facts.plays,
    events.staged_keys,
    facts.play_keys
FROM (
    SELECT
        COUNT(*) AS staged_plays,
        SUM(sessionid * 1000000 + iteminsession) AS staged_keys
    FROM staging_events
    WHERE page = 'NextSong'
) AS events
CROSS JOIN (
    SELECT
        COUNT(*) AS plays,
        SUM(songplay_id) AS play_keys
    FROM songplays
) AS facts
WHERE
    events.staged_plays <> facts.plays
    OR events.staged_keys <> facts.play_keys
