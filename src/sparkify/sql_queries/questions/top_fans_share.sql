-- name: top_fans_share
-- order: 13
-- group: listeners
-- period: window
-- level: yes
-- question: Do a few fans make most of the plays?
-- answer: The busiest tenth of the listeners ({listeners:count} of {all_listeners:count}) made
--   {share:percent} of all plays.
-- columns: tenth, listeners:count, plays:count, share:percent
-- chart: bar x=tenth y=share
-- note: Listeners stand in order of their plays, cut into ten groups as equal as can be; with
--   fewer than ten listeners each is a group.
WITH listener_plays AS (
    SELECT
        user_id,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id
),

ranked AS (
    SELECT
        plays,
        CAST(NTILE(10) OVER (ORDER BY plays DESC, user_id ASC) AS INTEGER) AS tenth
    FROM listener_plays
),

total AS (
    SELECT
        COUNT(*) AS listeners,
        CAST(SUM(plays) AS BIGINT) AS plays
    FROM listener_plays
)

SELECT
    ranked.tenth,
    COUNT(*) AS listeners,
    CAST(SUM(ranked.plays) AS BIGINT) AS plays,
    CAST(SUM(ranked.plays) AS DOUBLE PRECISION) / total.plays AS share,
    total.listeners AS all_listeners
FROM ranked
CROSS JOIN total
GROUP BY ranked.tenth, total.plays, total.listeners
ORDER BY ranked.tenth
