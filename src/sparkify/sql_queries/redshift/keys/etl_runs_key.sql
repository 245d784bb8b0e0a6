-- name: etl_runs_key
-- purpose: Tell the planner the key of etl_runs; Redshift does not enforce it, the checks prove it.
-- table: etl_runs
ALTER TABLE etl_runs ADD PRIMARY KEY (run_id)
