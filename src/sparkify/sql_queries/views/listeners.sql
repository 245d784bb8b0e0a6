-- name: listeners
-- purpose: Every listener once, as at their newest play: what to join on user_id alone.
-- grain: one listener: user_id
CREATE OR REPLACE VIEW listeners AS
WITH level_plays AS (
    SELECT
        user_id,
        level,
        MIN(start_time) AS first_play,
        MAX(start_time) AS newest_play,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, level
),

user_levels AS (
    SELECT
        user_id,
        level,
        MIN(first_play) OVER (PARTITION BY user_id) AS first_play,
        newest_play,
        CAST(SUM(plays) OVER (PARTITION BY user_id) AS BIGINT) AS plays,
        ROW_NUMBER() OVER (
            PARTITION BY user_id ORDER BY newest_play DESC, level DESC
        ) AS newest_level
    FROM level_plays
),

visits AS (
    SELECT
        user_id,
        COUNT(*) AS sessions
    FROM sessions
    WHERE plays > 0
    GROUP BY user_id
),

accounts AS (
    SELECT
        userid,
        MIN(registration) AS registered_at,
        COUNT(CASE WHEN page = 'Cancellation Confirmation' THEN 1 END) > 0 AS cancelled
    FROM staging_events
    WHERE userid IS NOT NULL
    GROUP BY userid
)

SELECT
    user_levels.user_id,
    users.first_name,
    users.last_name,
    users.gender,
    user_levels.level,
    user_levels.first_play,
    user_levels.newest_play,
    user_levels.plays,
    visits.sessions,
    accounts.registered_at,
    accounts.cancelled
FROM user_levels
INNER JOIN visits ON user_levels.user_id = visits.user_id
INNER JOIN accounts ON user_levels.user_id = accounts.userid
LEFT JOIN users
    ON
        user_levels.user_id = users.user_id
        AND user_levels.level = users.level
WHERE user_levels.newest_level = 1
