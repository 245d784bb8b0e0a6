-- name: copied_days_known
-- purpose: Every event that COPY took is of the days that were asked for before: a file that came
--   since may have brought others, of which repetitions were not looked for.
-- days: these.
SELECT
    arrived.records,
    expected.records AS of_known_days
FROM (SELECT COUNT(*) AS records FROM new_events) AS arrived
CROSS JOIN (
    SELECT COUNT(*) AS records
    FROM new_events
    WHERE ts BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
) AS expected
WHERE arrived.records <> expected.records
