-- name: new_plays
-- purpose: Every NextSong event of this load is exactly one play.
SELECT
    events.sessionid,
    events.iteminsession,
    COUNT(plays.songplay_id) AS copies
FROM new_events AS events
LEFT JOIN songplays AS plays
    ON plays.songplay_id = events.sessionid * 1000000 + events.iteminsession
WHERE events.page = 'NextSong'
GROUP BY events.sessionid, events.iteminsession
HAVING COUNT(plays.songplay_id) <> 1
