-- name: adverts
-- order: 42
-- group: money
-- period: window
-- level: yes
-- question: How many adverts are shown, and to whom?
-- answer: {all_adverts:count advert} {all_adverts:plural was were} shown to
--   {all_listeners:count listener}, most at the {level} level{ties}[: one for every
--   {plays_per_advert:number play}].
-- lead: adverts
-- tie: the {level} level
-- empty: No adverts are seen: there is no page Roll Advert.
-- columns: level, adverts:count, listeners:count, plays:count, plays_per_advert:number
-- chart: bar x=adverts y=level
-- note: Only levels at which adverts were shown are listed.
WITH shown AS (
    SELECT
        COALESCE(level, 'unknown') AS level,
        COUNT(*) AS adverts,
        COUNT(DISTINCT userid) AS viewers
    FROM staging_events
    WHERE page = 'Roll Advert'
    GROUP BY COALESCE(level, 'unknown')
),

level_plays AS (
    SELECT
        level,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY level
),

total AS (
    SELECT
        COUNT(*) AS adverts,
        COUNT(DISTINCT userid) AS viewers
    FROM staging_events
    WHERE page = 'Roll Advert'
)

SELECT
    shown.level,
    shown.adverts,
    shown.viewers AS listeners,
    COALESCE(level_plays.plays, 0) AS plays,
    CAST(level_plays.plays AS DOUBLE PRECISION) / shown.adverts AS plays_per_advert,
    total.adverts AS all_adverts,
    total.viewers AS all_listeners
FROM shown
LEFT JOIN level_plays ON shown.level = level_plays.level
CROSS JOIN total
ORDER BY shown.level
