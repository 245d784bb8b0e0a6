-- name: gender
-- order: 20
-- group: listeners
-- period: window
-- level: yes
-- question: Do men and women listen differently?
-- answer: Per listener, {gender} play most{ties}: {plays_per_listener:number play}[, against
--   {next.plays_per_listener:number} for {next.gender}]. They make {share:percent} of all plays,
--   and {paid_share:percent} of theirs are at the paid level.
-- lead: plays_per_listener
-- tie: {gender}
-- columns: gender, listeners:count, plays:count, share:percent, plays_per_listener:number,
--   paid_share:percent
-- chart: bar x=plays_per_listener y=gender
-- note: Others are those who have not said. The paid share is that of the plays at the paid level.
WITH level_plays AS (
    SELECT
        user_id,
        level,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, level
),

gender_plays AS (
    SELECT
        CASE users.gender WHEN 'F' THEN 'women' WHEN 'M' THEN 'men' ELSE 'others' END AS gender,
        level_plays.user_id,
        level_plays.level,
        level_plays.plays
    FROM level_plays
    INNER JOIN users
        ON level_plays.user_id = users.user_id AND level_plays.level = users.level
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    gender_plays.gender,
    COUNT(DISTINCT gender_plays.user_id) AS listeners,
    CAST(SUM(gender_plays.plays) AS BIGINT) AS plays,
    CAST(SUM(gender_plays.plays) AS DOUBLE PRECISION) / total.plays AS share,
    CAST(SUM(gender_plays.plays) AS DOUBLE PRECISION)
    / COUNT(DISTINCT gender_plays.user_id) AS plays_per_listener,
    CAST(
        SUM(CASE WHEN gender_plays.level = 'paid' THEN gender_plays.plays ELSE 0 END)
        AS DOUBLE PRECISION
    ) / SUM(gender_plays.plays) AS paid_share
FROM gender_plays
CROSS JOIN total
GROUP BY gender_plays.gender, total.plays
ORDER BY gender_plays.gender
