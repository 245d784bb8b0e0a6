-- name: songplays_time
-- purpose: Every play has its moment in time.
-- severity: fail
SELECT
    plays.songplay_id,
    plays.start_time
FROM songplays AS plays
WHERE
    NOT EXISTS (
        SELECT 1
        FROM time AS known
        WHERE known.start_time = plays.start_time
    )
