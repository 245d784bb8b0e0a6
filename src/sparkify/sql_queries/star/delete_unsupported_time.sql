-- name: delete_unsupported_time
-- purpose: Take out the moments of displaced plays at which no play begins any more.
DELETE FROM time
WHERE
    start_time IN (SELECT ts FROM displaced_events WHERE page = 'NextSong')
    AND start_time NOT IN (
        SELECT plays.start_time
        FROM songplays AS plays
        INNER JOIN displaced_events AS displaced
            ON plays.start_time = displaced.ts
    )
