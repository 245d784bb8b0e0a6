-- name: plays_reconciled
-- purpose: Every NextSong event that is staged is a play, and every play is staged.
-- severity: fail
SELECT
    events.event_ms,
    events.userid,
    events.sessionid,
    events.iteminsession,
    plays.songplay_id
FROM (
    SELECT
        event_ms,
        userid,
        sessionid,
        iteminsession,
        CAST(event_ms AS VARCHAR(20)) || '-' || CAST(userid AS VARCHAR(20)) || '-'
        || CAST(sessionid AS VARCHAR(20)) || '-'
        || CAST(iteminsession AS VARCHAR(20)) AS songplay_id
    FROM staging_events
    WHERE page = 'NextSong'
) AS events
FULL OUTER JOIN songplays AS plays
    ON events.songplay_id = plays.songplay_id
WHERE
    events.songplay_id IS NULL
    OR plays.songplay_id IS NULL
