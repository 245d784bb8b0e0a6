-- name: insert_rejected_records
-- purpose: Keep what this run rejected.
INSERT INTO rejected_records (
    run_id, kind, uri, fingerprint, line_number, line_place, reason, message, raw_text
)
SELECT
    run.run_id,
    files.kind,
    files.uri,
    files.fingerprint,
    rejects.line_number,
    rejects.line_place,
    rejects.reason,
    rejects.message,
    rejects.raw_text
FROM new_rejects AS rejects
INNER JOIN new_files AS files
    ON rejects.source_file = files.source_file
CROSS JOIN new_run AS run
