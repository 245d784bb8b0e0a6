-- name: drop_older
-- purpose: Remove what was put aside.
DROP TABLE older_events, older_runs
