-- name: known_files
-- purpose: Every version of a file that was loaded, the oldest first.
SELECT
    uri,
    fingerprint,
    records_read
FROM loaded_files
ORDER BY run_id ASC, uri ASC, fingerprint ASC
