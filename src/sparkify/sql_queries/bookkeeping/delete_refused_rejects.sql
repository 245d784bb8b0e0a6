-- name: delete_refused_rejects
-- purpose: Forget the rejects of refused runs: this run reads the same files again.
DELETE FROM rejected_records
WHERE run_id IN (SELECT run_id FROM etl_runs WHERE status = 'refused')
