-- name: level_changes
-- order: 4
-- group: money
-- period: as_of
-- level: no
-- question: How many free listeners become paying, and how many go back?
-- answer: {upgraded:count listener} went from free to paid[, {upgraded_share:percent} of those who
--   have played at the free level], and {downgraded:count listener} went from paid to free.
-- needs: all_listeners
-- columns: level_change, changes:count, listeners:count
-- chart: bar x=listeners y=level_change
-- note: A change is seen at the first play after it; who changes and plays no more is not counted.
WITH both_levels AS (
    SELECT user_id
    FROM users
    GROUP BY user_id
    HAVING COUNT(*) > 1
),

steps AS (
    SELECT
        events.userid,
        events.level,
        LAG(events.level) OVER (
            PARTITION BY events.userid
            ORDER BY events.event_ms, events.sessionid, events.iteminsession
        ) AS level_before
    FROM staging_events AS events
    INNER JOIN both_levels ON events.userid = both_levels.user_id
    WHERE events.page = 'NextSong'
),

counted AS (
    SELECT
        COUNT(CASE WHEN level = 'paid' THEN 1 END) AS upgrades,
        COUNT(DISTINCT CASE WHEN level = 'paid' THEN userid END) AS upgraded,
        COUNT(CASE WHEN level = 'free' THEN 1 END) AS downgrades,
        COUNT(DISTINCT CASE WHEN level = 'free' THEN userid END) AS downgraded
    FROM steps
    WHERE level <> level_before
),

everybody AS (
    SELECT
        COUNT(*) AS listeners,
        COUNT(CASE WHEN level = 'free' THEN 1 END) AS free_listeners
    FROM users
),

changes AS (
    SELECT
        1 AS place,
        'free to paid' AS level_change,
        upgrades AS changes,
        upgraded AS listeners
    FROM counted
    UNION ALL
    SELECT
        2 AS place,
        'paid to free' AS level_change,
        downgrades AS changes,
        downgraded AS listeners
    FROM counted
)

SELECT
    changes.level_change,
    changes.changes,
    changes.listeners,
    counted.upgraded,
    counted.downgraded,
    CAST(counted.upgraded AS DOUBLE PRECISION)
    / NULLIF(everybody.free_listeners, 0) AS upgraded_share,
    everybody.listeners AS all_listeners
FROM changes
CROSS JOIN counted
CROSS JOIN everybody
ORDER BY changes.place
