-- name: retire_runs
-- purpose: Put the runs of an older version aside.
ALTER TABLE etl_runs RENAME TO older_runs
