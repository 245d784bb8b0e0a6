-- name: paying_funnel
-- order: 30
-- group: money
-- period: as_of
-- level: no
-- question: How far do free listeners go on the way to paying?
-- answer: Of {began:count listener} who began at the free level, {returned:count}
--   ({returned_share:percent}) played on another day, {upgraded:count} ({upgraded_share:percent})
--   became paying, and {paying:count} ({paying_share:percent}) {paying:plural pays pay} at their
--   newest play.
-- needs: began
-- empty: Nobody has begun at the free level yet, so there is no answer.
-- columns: stage, listeners:count, share:percent
-- chart: funnel x=listeners y=stage
-- note: Each stage holds those of the stage before who went on: who became paying without playing
--   on another day is not in the later stages. Days are UTC.
WITH levels AS (
    SELECT
        user_id,
        level,
        MIN(start_time) AS first_play,
        MAX(start_time) AS last_play
    FROM songplays
    GROUP BY user_id, level
),

user_plays AS (
    SELECT
        user_id,
        MIN(first_play) AS first_play,
        MAX(last_play) AS last_play,
        MIN(CASE WHEN level = 'free' THEN first_play END) AS first_free_play,
        MAX(CASE WHEN level = 'paid' THEN last_play END) AS last_paid_play
    FROM levels
    GROUP BY user_id
),

beginners AS (
    SELECT
        user_id,
        last_play,
        last_paid_play,
        CASE WHEN CAST(first_play AS DATE) < CAST(last_play AS DATE) THEN 1 ELSE 0 END AS returned
    FROM user_plays
    WHERE first_free_play = first_play
),

counted AS (
    SELECT
        COUNT(*) AS began,
        COUNT(CASE WHEN returned = 1 THEN 1 END) AS returned,
        COUNT(CASE WHEN returned = 1 THEN last_paid_play END) AS upgraded,
        COUNT(CASE WHEN returned = 1 AND last_paid_play = last_play THEN 1 END) AS paying
    FROM beginners
),

stages AS (
    SELECT
        1 AS place,
        'began at the free level' AS stage,
        began AS listeners
    FROM counted
    UNION ALL
    SELECT
        2 AS place,
        'played on another day' AS stage,
        returned AS listeners
    FROM counted
    UNION ALL
    SELECT
        3 AS place,
        'became paying' AS stage,
        upgraded AS listeners
    FROM counted
    UNION ALL
    SELECT
        4 AS place,
        'pay at their newest play' AS stage,
        paying AS listeners
    FROM counted
)

SELECT
    stages.stage,
    stages.listeners,
    CAST(stages.listeners AS DOUBLE PRECISION) / NULLIF(counted.began, 0) AS share,
    counted.began,
    counted.returned,
    counted.upgraded,
    counted.paying,
    CAST(counted.returned AS DOUBLE PRECISION) / NULLIF(counted.began, 0) AS returned_share,
    CAST(counted.upgraded AS DOUBLE PRECISION) / NULLIF(counted.began, 0) AS upgraded_share,
    CAST(counted.paying AS DOUBLE PRECISION) / NULLIF(counted.began, 0) AS paying_share
FROM stages
CROSS JOIN counted
ORDER BY stages.place
