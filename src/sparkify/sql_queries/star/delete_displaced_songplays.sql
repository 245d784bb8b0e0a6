-- name: delete_displaced_songplays
-- purpose: Take the plays of displaced events out of the fact.
-- days: a displaced record is of the same moment as the one that displaces it.
-- when: events displaced
DELETE FROM songplays
WHERE
    start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
    AND start_time IN (SELECT ts FROM ranked_events WHERE outcome = 'displaced')
    AND songplay_id IN (
        SELECT
            CAST(event_ms AS VARCHAR(20)) || '-' || CAST(userid AS VARCHAR(20)) || '-'
            || CAST(sessionid AS VARCHAR(20)) || '-' || CAST(iteminsession AS VARCHAR(20))
        FROM ranked_events
        WHERE
            outcome = 'displaced'
            AND page = 'NextSong'
    )
