-- name: etl_runs_keys
-- purpose: The key of etl_runs is never null and never stands twice.
-- severity: fail
SELECT
    run_id,
    COUNT(*) AS copies
FROM etl_runs
GROUP BY run_id
HAVING
    COUNT(*) > 1
    OR run_id IS NULL
