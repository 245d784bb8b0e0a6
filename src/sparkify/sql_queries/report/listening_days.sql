-- name: listening_days
-- purpose: Plays, listeners and matches of the newest 366 days with plays, by level and for all.
-- period: window
-- level: yes
WITH listener_levels AS (
    SELECT
        CAST(start_time AS DATE) AS day,
        user_id,
        level,
        COUNT(*) AS plays,
        COUNT(song_id) AS matched
    FROM songplays
    GROUP BY CAST(start_time AS DATE), user_id, level
),

listener_days AS (
    SELECT
        day,
        user_id,
        MAX(CASE WHEN level = 'paid' THEN 1 ELSE 0 END) AS paying,
        SUM(plays) AS plays,
        SUM(matched) AS matched
    FROM listener_levels
    GROUP BY day, user_id
),

newest_days AS (
    SELECT day
    FROM listener_days
    GROUP BY day
    ORDER BY day DESC
    LIMIT 366
),

counted AS (
    SELECT
        day,
        'all' AS level,
        COUNT(*) AS listeners,
        CAST(SUM(paying) AS BIGINT) AS paying,
        CAST(SUM(plays) AS BIGINT) AS plays,
        CAST(SUM(matched) AS BIGINT) AS matched
    FROM listener_days
    GROUP BY day
    UNION ALL
    SELECT
        day,
        level,
        COUNT(*) AS listeners,
        COUNT(CASE WHEN level = 'paid' THEN 1 END) AS paying,
        CAST(SUM(plays) AS BIGINT) AS plays,
        CAST(SUM(matched) AS BIGINT) AS matched
    FROM listener_levels
    GROUP BY day, level
)

SELECT
    counted.day,
    counted.level,
    counted.listeners,
    counted.paying,
    counted.plays,
    counted.matched
FROM counted
INNER JOIN newest_days ON counted.day = newest_days.day
ORDER BY counted.day ASC, counted.level ASC
