-- name: forget_files
-- purpose: Take files out of the ledger that were gone when COPY may have looked for them.
DELETE FROM loaded_files
WHERE
    run_id = :run_id
    AND uri IN (:uris)
