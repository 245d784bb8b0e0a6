-- name: delete_older_newest_plays
-- purpose: Take out the newest plays that are none any more: this load has a newer one of the same
--   listener and level, or displaced them.
-- when: events
DELETE FROM newest_plays
WHERE
    EXISTS (
        SELECT 1
        FROM new_events AS newer
        WHERE
            newer.page = 'NextSong'
            AND newer.userid = newest_plays.user_id
            AND newer.level = newest_plays.level
            AND (
                newer.event_ms > newest_plays.event_ms
                OR (
                    newer.event_ms = newest_plays.event_ms
                    AND newer.sessionid > newest_plays.sessionid
                )
                OR (
                    newer.event_ms = newest_plays.event_ms
                    AND newer.sessionid = newest_plays.sessionid
                    AND newer.iteminsession > newest_plays.iteminsession
                )
            )
    )
    OR EXISTS (
        SELECT 1
        FROM ranked_events AS lost
        WHERE
            lost.outcome = 'displaced'
            AND lost.page = 'NextSong'
            AND lost.level = newest_plays.level
            AND lost.userid = newest_plays.user_id
            AND lost.event_ms = newest_plays.event_ms
            AND lost.sessionid = newest_plays.sessionid
            AND lost.iteminsession = newest_plays.iteminsession
    )
