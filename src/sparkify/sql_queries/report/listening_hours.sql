-- name: listening_hours
-- purpose: Plays and seconds of music in each hour of the newest 366 days with plays, by level.
-- period: window
-- level: yes
WITH hours AS (
    SELECT
        CAST(ts AS DATE) AS day,
        CAST(EXTRACT(HOUR FROM ts) AS INTEGER) AS hour,
        level,
        COUNT(*) AS plays,
        COALESCE(SUM(CAST(length AS DECIMAL(18, 5))), 0) AS seconds
    FROM staging_events
    WHERE page = 'NextSong'
    GROUP BY CAST(ts AS DATE), CAST(EXTRACT(HOUR FROM ts) AS INTEGER), level
),

newest_days AS (
    SELECT day
    FROM hours
    GROUP BY day
    ORDER BY day DESC
    LIMIT 366
)

SELECT
    hours.day,
    hours.hour,
    hours.level,
    hours.plays,
    CAST(hours.seconds AS DOUBLE PRECISION) AS seconds
FROM hours
INNER JOIN newest_days ON hours.day = newest_days.day
ORDER BY hours.day ASC, hours.hour ASC, hours.level ASC
