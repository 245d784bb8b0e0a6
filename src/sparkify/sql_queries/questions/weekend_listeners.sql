-- name: weekend_listeners
-- order: 38
-- group: time
-- period: window
-- level: yes
-- question: Who listens on working days, and who at weekends?
-- answer: Of {all_listeners:count listener}, {weekday_only:count} ({weekday_share:percent})
--   {weekday_only:plural plays play} from Monday to Friday only, {weekend_only:count}
--   ({weekend_share:percent}) at weekends only, and {on_both:count} ({both_share:percent}) on both
--   kinds of days.
-- columns: days_played, listeners:count, share:percent, plays:count, plays_per_listener:number
-- chart: bar x=listeners y=days_played
-- note: Saturday and Sunday are the weekend. Days are UTC.
WITH user_parts AS (
    SELECT
        user_id,
        COUNT(*) AS plays,
        COUNT(CASE WHEN EXTRACT(DOW FROM start_time) IN (0, 6) THEN 1 END) AS weekend_plays
    FROM songplays
    GROUP BY user_id
),

classed AS (
    SELECT
        plays,
        CASE
            WHEN weekend_plays = 0 THEN 1
            WHEN weekend_plays = plays THEN 2
            ELSE 3
        END AS place
    FROM user_parts
),

total AS (
    SELECT
        COUNT(*) AS everybody,
        COUNT(CASE WHEN place = 1 THEN 1 END) AS weekday_only,
        COUNT(CASE WHEN place = 2 THEN 1 END) AS weekend_only,
        COUNT(CASE WHEN place = 3 THEN 1 END) AS on_both
    FROM classed
)

SELECT
    CASE classed.place
        WHEN 1 THEN 'Monday to Friday only'
        WHEN 2 THEN 'weekends only'
        ELSE 'both'
    END AS days_played,
    COUNT(*) AS listeners,
    CAST(COUNT(*) AS DOUBLE PRECISION) / total.everybody AS share,
    CAST(SUM(classed.plays) AS BIGINT) AS plays,
    CAST(SUM(classed.plays) AS DOUBLE PRECISION) / COUNT(*) AS plays_per_listener,
    total.everybody AS all_listeners,
    total.weekday_only,
    total.weekend_only,
    total.on_both,
    CAST(total.weekday_only AS DOUBLE PRECISION) / total.everybody AS weekday_share,
    CAST(total.weekend_only AS DOUBLE PRECISION) / total.everybody AS weekend_share,
    CAST(total.on_both AS DOUBLE PRECISION) / total.everybody AS both_share
FROM classed
CROSS JOIN total
GROUP BY
    classed.place,
    total.everybody,
    total.weekday_only,
    total.weekend_only,
    total.on_both
ORDER BY classed.place
