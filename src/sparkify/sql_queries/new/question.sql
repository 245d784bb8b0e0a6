-- name: question
-- question: How long do listeners listen at each level?
-- answer: Listeners at the {level} level listen longest{ties}: {hours:number hour} in
--   {plays:count play}[, against {next.hours:number} at the {next.level} level].
-- period: window
-- level: no
-- lead: hours
-- tie: the {level} level
-- columns: level, listeners:count, plays:count, hours:number
-- chart: bar x=hours y=level
-- note: Of songs of unknown length the plays count, and no time. docs/questions.md tells what a
--   header may hold; `sparkify sql plays` shows what the view plays has.
SELECT
    level,
    COUNT(DISTINCT user_id) AS listeners,
    COUNT(*) AS plays,
    CAST(COALESCE(SUM(CAST(length AS DECIMAL(18, 5))), 0) AS DOUBLE PRECISION) / 3600 AS hours
FROM plays
GROUP BY level
ORDER BY level
