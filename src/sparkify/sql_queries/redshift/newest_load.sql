-- name: newest_load
-- purpose: What is loaded, as far as a snapshot of it may be used again: the same until a load ends.
SELECT
    MAX(run_id) AS run_id,
    MAX(finished_at) AS finished_at
FROM etl_runs
