-- name: leaving_listeners
-- order: 6
-- group: listeners
-- period: as_of
-- level: no
-- question: Who is about to leave?
-- answer: {leaving:count} of {all_listeners:count listener} ({leaving_share:percent})
--   {leaving:plural has have} fallen silent lately, 7 to 30 days before the newest play
--   ({newest_play:moment} UTC); {leaving_paying:count} of them paid when last heard
--   of.[ {gone:count listener} {gone:plural has have} been silent for
--   longer.][ {cancelled:count listener} {cancelled:plural has have} cancelled.]
-- empty: Nobody seems about to leave: no listener has fallen silent in the last few weeks.
-- columns: user_id, first_name, last_name, level, last_play:moment, days_silent:count, plays:count
-- chart: bar x=days_silent y=user_id
-- note: The table shows the ten of them who played most. Who cancelled, by an event Cancellation
--   Confirmation, or has been silent for more than 30 days is counted and left out. Days are UTC.
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

cancellations AS (
    SELECT DISTINCT userid
    FROM staging_events
    WHERE page = 'Cancellation Confirmation' AND userid IS NOT NULL
),

standings AS (
    SELECT
        user_levels.user_id,
        user_levels.level,
        user_levels.last_play,
        CAST(user_levels.plays AS BIGINT) AS plays,
        CASE
            WHEN cancellations.userid IS NOT NULL THEN 'cancelled'
            WHEN user_levels.last_play < newest.play - INTERVAL '30 days' THEN 'gone'
            WHEN user_levels.last_play < newest.play - INTERVAL '7 days' THEN 'leaving'
            ELSE 'staying'
        END AS standing
    FROM user_levels
    LEFT JOIN cancellations ON user_levels.user_id = cancellations.userid
    CROSS JOIN newest
    WHERE user_levels.newest_level = 1
),

counted AS (
    SELECT
        COUNT(*) AS everybody,
        COUNT(CASE WHEN standing = 'leaving' THEN 1 END) AS leaving,
        COUNT(CASE WHEN standing = 'leaving' AND level = 'paid' THEN 1 END) AS leaving_paying,
        COUNT(CASE WHEN standing = 'gone' THEN 1 END) AS gone,
        COUNT(CASE WHEN standing = 'cancelled' THEN 1 END) AS cancelled
    FROM standings
)

SELECT
    standings.user_id,
    users.first_name,
    users.last_name,
    standings.level,
    standings.last_play,
    CAST(CAST(newest.play AS DATE) - CAST(standings.last_play AS DATE) AS INTEGER) AS days_silent,
    standings.plays,
    newest.play AS newest_play,
    counted.leaving,
    counted.leaving_paying,
    NULLIF(counted.gone, 0) AS gone,
    NULLIF(counted.cancelled, 0) AS cancelled,
    counted.everybody AS all_listeners,
    CAST(counted.leaving AS DOUBLE PRECISION) / counted.everybody AS leaving_share
FROM standings
INNER JOIN users ON standings.user_id = users.user_id AND standings.level = users.level
CROSS JOIN newest
CROSS JOIN counted
WHERE standings.standing = 'leaving'
ORDER BY standings.plays DESC, standings.user_id ASC
LIMIT 10
