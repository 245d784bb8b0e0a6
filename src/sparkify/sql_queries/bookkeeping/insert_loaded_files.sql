-- name: insert_loaded_files
-- purpose: Enter the files of this load into the ledger.
INSERT INTO loaded_files (
    uri, kind, size, fingerprint, run_id, records_read, records_staged, records_duplicate,
    records_rejected
)
SELECT
    counts.uri,
    counts.kind,
    counts.size,
    counts.fingerprint,
    run.run_id,
    counts.records_read,
    counts.records_staged,
    counts.records_duplicate,
    counts.records_rejected
FROM new_file_counts AS counts
CROSS JOIN new_run AS run
