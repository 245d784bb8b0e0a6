-- name: songplays_users
-- purpose: Every play has its listener at its level in users.
-- severity: fail
SELECT
    plays.songplay_id,
    plays.user_id,
    plays.level
FROM songplays AS plays
WHERE
    NOT EXISTS (
        SELECT 1
        FROM users AS known
        WHERE known.user_id = plays.user_id AND known.level = plays.level
    )
