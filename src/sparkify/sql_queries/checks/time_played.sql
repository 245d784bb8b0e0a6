-- name: time_played
-- purpose: At every moment in time a play began.
-- severity: fail
SELECT moments.start_time
FROM time AS moments
WHERE
    NOT EXISTS (
        SELECT 1
        FROM songplays AS plays
        WHERE plays.start_time = moments.start_time
    )
