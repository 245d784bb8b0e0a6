-- name: catalogue_match
-- order: 14
-- group: catalogue
-- period: window
-- level: yes
-- question: How much of what is played is in our catalogue?
-- answer: {matched:count} of {all_plays:count play} ({matched_share:percent})
--   {matched:plural matches match} a song of our catalogue.
-- needs: all_plays
-- columns: where_found, plays:count, share:percent
-- chart: bar x=plays y=where_found
-- note: A play matches when title, artist and length are exactly those of a song.
WITH total AS (
    SELECT
        COUNT(*) AS plays,
        COUNT(song_id) AS matched
    FROM songplays
),

parts AS (
    SELECT
        1 AS place,
        'in the catalogue' AS where_found,
        matched AS plays
    FROM total
    UNION ALL
    SELECT
        2 AS place,
        'not in the catalogue' AS where_found,
        plays - matched AS plays
    FROM total
)

SELECT
    parts.where_found,
    parts.plays,
    CAST(parts.plays AS DOUBLE PRECISION) / NULLIF(total.plays, 0) AS share,
    total.matched,
    total.plays AS all_plays,
    CAST(total.matched AS DOUBLE PRECISION) / NULLIF(total.plays, 0) AS matched_share
FROM parts
CROSS JOIN total
ORDER BY parts.place
