-- name: files_add_up
-- purpose: Of each loaded file: read = staged + duplicates + rejected.
-- severity: fail
SELECT
    uri,
    fingerprint,
    records_read,
    records_staged,
    records_duplicate,
    records_rejected
FROM loaded_files
WHERE
    records_read <> records_staged + records_duplicate + records_rejected
