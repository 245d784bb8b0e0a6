-- name: errors_and_help
-- order: 36
-- group: listeners
-- period: window
-- level: yes
-- question: How often do listeners meet errors and ask for help?
-- answer: The logs show {errors:count error} to {error_listeners:count listener}[
--   ({error_share:percent} of all)], and help was opened {helps:count time} by
--   {help_listeners:count listener}[ ({help_share:percent} of all)].
-- needs: all_events
-- empty: There are no events, so there is no answer.
-- columns: page, visits:count, listeners:count, listener_share:percent, per_1000_plays:number
-- chart: bar x=visits y=page
-- note: Listeners are those whom the logs name, with or without plays; visits of people who are
--   not logged in count, too.
WITH visited AS (
    SELECT
        page,
        COUNT(*) AS visits,
        COUNT(DISTINCT userid) AS visitors
    FROM staging_events
    WHERE page IN ('Error', 'Help')
    GROUP BY page
),

named AS (
    SELECT userid
    FROM staging_events
    WHERE userid IS NOT NULL
    GROUP BY userid
),

everybody AS (
    SELECT COUNT(*) AS visitors FROM named
),

total AS (
    SELECT
        COUNT(*) AS events,
        COUNT(CASE WHEN page = 'NextSong' THEN 1 END) AS plays
    FROM staging_events
),

said AS (
    SELECT
        COALESCE(MAX(CASE WHEN page = 'Error' THEN visits END), 0) AS errors,
        COALESCE(MAX(CASE WHEN page = 'Error' THEN visitors END), 0) AS error_visitors,
        COALESCE(MAX(CASE WHEN page = 'Help' THEN visits END), 0) AS helps,
        COALESCE(MAX(CASE WHEN page = 'Help' THEN visitors END), 0) AS help_visitors
    FROM visited
),

parts AS (
    SELECT
        'Error' AS page,
        errors AS visits,
        error_visitors AS visitors
    FROM said
    UNION ALL
    SELECT
        'Help' AS page,
        helps AS visits,
        help_visitors AS visitors
    FROM said
)

SELECT
    parts.page,
    parts.visits,
    parts.visitors AS listeners,
    CAST(parts.visitors AS DOUBLE PRECISION) / NULLIF(everybody.visitors, 0) AS listener_share,
    CAST(1000 * parts.visits AS DOUBLE PRECISION) / NULLIF(total.plays, 0) AS per_1000_plays,
    said.errors,
    said.error_visitors AS error_listeners,
    CAST(said.error_visitors AS DOUBLE PRECISION) / NULLIF(everybody.visitors, 0) AS error_share,
    said.helps,
    said.help_visitors AS help_listeners,
    CAST(said.help_visitors AS DOUBLE PRECISION) / NULLIF(everybody.visitors, 0) AS help_share,
    total.events AS all_events
FROM parts
CROSS JOIN said
CROSS JOIN everybody
CROSS JOIN total
ORDER BY parts.page
