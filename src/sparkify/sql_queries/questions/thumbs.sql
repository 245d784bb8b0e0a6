-- name: thumbs
-- order: 41
-- group: music
-- period: window
-- level: yes
-- question: Do listeners like what they hear?
-- answer: {ups:count} thumbs up and {downs:count} down were given by
--   {all_listeners:count listener}:
--   {all_up_share:percent} are up.
-- empty: No thumbs are seen: there is no page Thumbs Up or Thumbs Down.
-- columns: level, thumbs_up:count, thumbs_down:count, up_share:percent, listeners:count
-- chart: bar x=up_share y=level
-- note: The logs do not say which song a thumb was for.
WITH thumbed AS (
    SELECT
        COALESCE(level, 'unknown') AS level,
        COUNT(CASE WHEN page = 'Thumbs Up' THEN 1 END) AS ups,
        COUNT(*) AS thumbs,
        COUNT(DISTINCT userid) AS thumbers
    FROM staging_events
    WHERE page IN ('Thumbs Up', 'Thumbs Down')
    GROUP BY COALESCE(level, 'unknown')
),

total AS (
    SELECT
        COUNT(CASE WHEN page = 'Thumbs Up' THEN 1 END) AS ups,
        COUNT(*) AS thumbs,
        COUNT(DISTINCT userid) AS thumbers
    FROM staging_events
    WHERE page IN ('Thumbs Up', 'Thumbs Down')
)

SELECT
    thumbed.level,
    thumbed.ups AS thumbs_up,
    thumbed.thumbs - thumbed.ups AS thumbs_down,
    CAST(thumbed.ups AS DOUBLE PRECISION) / thumbed.thumbs AS up_share,
    thumbed.thumbers AS listeners,
    total.ups,
    total.thumbs - total.ups AS downs,
    CAST(total.ups AS DOUBLE PRECISION) / total.thumbs AS all_up_share,
    total.thumbers AS all_listeners
FROM thumbed
CROSS JOIN total
ORDER BY thumbed.level
