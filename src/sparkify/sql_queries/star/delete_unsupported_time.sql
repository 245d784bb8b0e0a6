-- name: delete_unsupported_time
-- purpose: Take out the moments of displaced plays at which no play begins any more.
-- when: events displaced
DELETE FROM time
WHERE
    start_time IN (
        SELECT ts
        FROM ranked_events
        WHERE
            outcome = 'displaced'
            AND page = 'NextSong'
    )
    AND start_time NOT IN (
        SELECT plays.start_time
        FROM songplays AS plays
        INNER JOIN ranked_events AS displaced
            ON plays.start_time = displaced.ts
        WHERE displaced.outcome = 'displaced'
    )
