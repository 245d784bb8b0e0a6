-- name: delete_unsupported_time
-- purpose: Take out the moments of displaced plays at which no play begins any more.
-- days: a displaced record is of the same moment as the one that displaces it.
-- when: events displaced
DELETE FROM time
WHERE
    start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
    AND start_time IN (
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
        WHERE
            displaced.outcome = 'displaced'
            AND plays.start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00'
            AND TIMESTAMP '2100-12-31 23:59:59.999'
    )
