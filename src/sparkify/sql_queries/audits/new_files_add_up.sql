-- name: new_files_add_up
-- purpose: Of each file of this load: read = staged + duplicates + rejected.
SELECT
    files.uri,
    files.records_read,
    files.records_staged,
    files.records_duplicate,
    files.records_rejected
FROM loaded_files AS files
INNER JOIN new_run AS run
    ON files.run_id = run.run_id
WHERE
    files.records_read
    <> files.records_staged + files.records_duplicate + files.records_rejected
