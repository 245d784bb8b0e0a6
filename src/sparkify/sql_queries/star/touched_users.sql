-- name: touched_users
-- purpose: The listeners and levels whose plays this load added or displaced.
-- grain: one (user_id, level)
CREATE TEMPORARY TABLE touched_users AS
SELECT DISTINCT
    user_id,
    level
FROM (
    SELECT
        userid AS user_id,
        level
    FROM new_events
    WHERE page = 'NextSong'
    UNION ALL
    SELECT
        userid AS user_id,
        level
    FROM displaced_events
    WHERE page = 'NextSong'
) AS touched
