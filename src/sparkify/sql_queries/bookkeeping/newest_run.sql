-- name: newest_run
-- purpose: The number of the newest run; 0 before the first.
SELECT COALESCE(MAX(run_id), 0) AS run_id
FROM etl_runs
