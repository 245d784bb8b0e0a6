-- name: newest_play
-- purpose: When the newest play began, NULL where there is none: from there days are counted back.
SELECT MAX(start_time) AS newest_play FROM songplays
