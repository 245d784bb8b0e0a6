-- name: before_upgrading
-- order: 37
-- group: money
-- period: as_of
-- level: no
-- question: How much do listeners play before they upgrade?
-- answer: Before upgrading, {upgraded:count listener} played a median of
--   {median_plays:number song} in {median_sessions:number session}.
-- empty: No listener is seen to upgrade: there is no page Submit Upgrade.
-- columns: songs, listeners:count, share:percent, mean_sessions:number
-- chart: bar x=songs y=listeners
-- note: Counted up to the first Submit Upgrade of each listener in the logs; the session of the
--   upgrade counts. What was played before the first log is not known.
WITH upgrades AS (
    SELECT
        userid,
        MIN(event_ms) AS upgraded_ms
    FROM staging_events
    WHERE page = 'Submit Upgrade' AND userid IS NOT NULL
    GROUP BY userid
),

earlier_plays AS (
    SELECT
        upgrades.userid,
        COUNT(events.userid) AS plays
    FROM upgrades
    LEFT JOIN staging_events AS events
        ON
            upgrades.userid = events.userid
            AND upgrades.upgraded_ms > events.event_ms
            AND events.page = 'NextSong'
    GROUP BY upgrades.userid
),

earlier_sessions AS (
    SELECT
        upgrades.userid,
        COUNT(*) AS visits
    FROM upgrades
    INNER JOIN sessions
        ON
            upgrades.userid = sessions.user_id
            AND upgrades.upgraded_ms >= sessions.started_ms
    GROUP BY upgrades.userid
),

counted AS (
    SELECT
        earlier_plays.plays,
        earlier_sessions.visits,
        CASE
            WHEN earlier_plays.plays = 0 THEN 1
            WHEN earlier_plays.plays <= 10 THEN 2
            WHEN earlier_plays.plays <= 50 THEN 3
            WHEN earlier_plays.plays <= 100 THEN 4
            ELSE 5
        END AS place
    FROM earlier_plays
    INNER JOIN earlier_sessions ON earlier_plays.userid = earlier_sessions.userid
),

total AS (
    SELECT COUNT(*) AS upgraded FROM counted
),

median_plays AS (
    SELECT CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY plays) AS DOUBLE PRECISION) AS plays
    FROM counted
),

median_sessions AS (
    SELECT CAST(PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY visits) AS DOUBLE PRECISION) AS visits
    FROM counted
)

SELECT
    CASE counted.place
        WHEN 1 THEN 'none'
        WHEN 2 THEN '1 to 10'
        WHEN 3 THEN '11 to 50'
        WHEN 4 THEN '51 to 100'
        ELSE 'more than 100'
    END AS songs,
    COUNT(*) AS listeners,
    CAST(COUNT(*) AS DOUBLE PRECISION) / total.upgraded AS share,
    CAST(SUM(counted.visits) AS DOUBLE PRECISION) / COUNT(*) AS mean_sessions,
    total.upgraded,
    median_plays.plays AS median_plays,
    median_sessions.visits AS median_sessions
FROM counted
CROSS JOIN total
CROSS JOIN median_plays
CROSS JOIN median_sessions
GROUP BY counted.place, total.upgraded, median_plays.plays, median_sessions.visits
ORDER BY counted.place
