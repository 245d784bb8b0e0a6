-- name: leaving_listeners
-- order: 6
-- group: listeners
-- period: as_of
-- level: no
-- question: Who is about to leave?
-- answer: {leaving:count} of {all_listeners:count listener} ({leaving_share:percent})
--   {leaving:plural has have} not played in the seven days before the newest play
--   ({newest_play:moment} UTC); {leaving_paying:count} of them paid when last heard of.
-- empty: Nobody is seen to leave: no listener has been silent for more than seven days.
-- columns: user_id, first_name, last_name, level, last_play:moment, days_silent:count, plays:count
-- chart: bar x=days_silent y=user_id
-- note: The table shows the ten of them who played most. Silence is all that is seen: the star
--   holds no cancellations. Days are UTC.
WITH level_plays AS (
    SELECT
        user_id,
        level,
        MAX(start_time) AS last_play,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, level
),

newest AS (
    SELECT MAX(start_time) AS play FROM songplays
),

user_levels AS (
    SELECT
        user_id,
        level,
        last_play,
        SUM(plays) OVER (PARTITION BY user_id) AS plays,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY last_play DESC, level DESC) AS newest_level
    FROM level_plays
),

silent AS (
    SELECT
        user_levels.user_id,
        user_levels.level,
        user_levels.last_play,
        CAST(user_levels.plays AS BIGINT) AS plays
    FROM user_levels
    CROSS JOIN newest
    WHERE user_levels.newest_level = 1 AND user_levels.last_play < newest.play - INTERVAL '7 days'
),

leaving AS (
    SELECT
        COUNT(*) AS listeners,
        COUNT(CASE WHEN level = 'paid' THEN 1 END) AS paying
    FROM silent
),

everybody AS (
    SELECT COUNT(DISTINCT user_id) AS listeners FROM users
)

SELECT
    silent.user_id,
    users.first_name,
    users.last_name,
    silent.level,
    silent.last_play,
    CAST(CAST(newest.play AS DATE) - CAST(silent.last_play AS DATE) AS INTEGER) AS days_silent,
    silent.plays,
    newest.play AS newest_play,
    leaving.listeners AS leaving,
    leaving.paying AS leaving_paying,
    everybody.listeners AS all_listeners,
    CAST(leaving.listeners AS DOUBLE PRECISION) / everybody.listeners AS leaving_share
FROM silent
INNER JOIN users ON silent.user_id = users.user_id AND silent.level = users.level
CROSS JOIN newest
CROSS JOIN leaving
CROSS JOIN everybody
ORDER BY silent.plays DESC, silent.user_id ASC
LIMIT 10
