-- name: listening_days
-- purpose: Plays, listeners and matches of the newest 366 days with plays, by level and for all.
WITH listener_days AS (
    SELECT
        CAST(start_time AS DATE) AS day,
        user_id,
        level,
        COUNT(*) AS plays,
        COUNT(song_id) AS matched
    FROM songplays
    GROUP BY CAST(start_time AS DATE), user_id, level
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
        COUNT(DISTINCT user_id) AS listeners,
        COUNT(DISTINCT CASE WHEN level = 'paid' THEN user_id END) AS paying,
        CAST(SUM(plays) AS BIGINT) AS plays,
        CAST(SUM(matched) AS BIGINT) AS matched
    FROM listener_days
    GROUP BY day
    UNION ALL
    SELECT
        day,
        level,
        COUNT(DISTINCT user_id) AS listeners,
        COUNT(DISTINCT CASE WHEN level = 'paid' THEN user_id END) AS paying,
        CAST(SUM(plays) AS BIGINT) AS plays,
        CAST(SUM(matched) AS BIGINT) AS matched
    FROM listener_days
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
