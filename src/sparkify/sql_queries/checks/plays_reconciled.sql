-- name: plays_reconciled
-- purpose: Every NextSong event that is staged is a play, and every play is staged.
-- severity: fail
SELECT
    events.sessionid,
    events.iteminsession,
    plays.songplay_id
FROM (
    SELECT
        sessionid,
        iteminsession,
        sessionid * 1000000 + iteminsession AS songplay_id
    FROM staging_events
    WHERE page = 'NextSong'
) AS events
FULL OUTER JOIN songplays AS plays
    ON events.songplay_id = plays.songplay_id
WHERE
    events.songplay_id IS NULL
    OR plays.songplay_id IS NULL
