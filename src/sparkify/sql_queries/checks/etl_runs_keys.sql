-- name: etl_runs_keys
-- purpose: The key of etl_runs is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    run_id,
    copies
FROM (
    SELECT
        run_id + 0 AS run_id,
        COUNT(*) AS copies
    FROM etl_runs
    GROUP BY run_id + 0
) AS keyed
WHERE
    copies > 1
    OR run_id IS NULL
