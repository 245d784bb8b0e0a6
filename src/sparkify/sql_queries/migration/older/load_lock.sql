-- name: load_lock
-- purpose: What a warehouse of version 1 has in place of load_lock: nothing.
SELECT run_id
FROM etl_runs
WHERE run_id < 0
