-- name: busiest_hours
-- order: 2
-- group: time
-- period: window
-- level: yes
-- question: At what hour do people listen most?
-- answer: Most plays begin from {hour:hour} UTC{ties}: {plays:count play}, {share:percent} of all
--   plays.
-- lead: plays
-- tie: {hour:hour}
-- columns: hour, plays:count, share:percent
-- rows: 24
-- chart: bar x=hour y=plays
-- note: Hours are UTC, not the listener's own. An hour without plays is not listed.
WITH hour_plays AS (
    SELECT
        CAST(EXTRACT(HOUR FROM start_time) AS INTEGER) AS hour,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY CAST(EXTRACT(HOUR FROM start_time) AS INTEGER)
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    hour_plays.hour,
    hour_plays.plays,
    CAST(hour_plays.plays AS DOUBLE PRECISION) / total.plays AS share
FROM hour_plays
CROSS JOIN total
ORDER BY hour_plays.hour
