-- name: new_files_add_up
-- purpose: Of each file of this load: read = staged + duplicates + rejected.
SELECT
    uri,
    records_read,
    records_staged,
    records_duplicate,
    records_rejected
FROM new_file_counts
WHERE
    records_read <> records_staged + records_duplicate + records_rejected
