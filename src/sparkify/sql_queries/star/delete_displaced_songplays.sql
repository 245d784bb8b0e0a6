-- name: delete_displaced_songplays
-- purpose: Take the plays of displaced events out of the fact.
-- when: events displaced
DELETE FROM songplays
WHERE songplay_id IN (
    SELECT sessionid * 1000000 + iteminsession
    FROM ranked_events
    WHERE
        outcome = 'displaced'
        AND page = 'NextSong'
)
