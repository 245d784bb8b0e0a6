-- name: newest_plays
-- purpose: What a warehouse of version 1 has in place of newest_plays: nothing.
SELECT run_id
FROM etl_runs
WHERE run_id < 0
