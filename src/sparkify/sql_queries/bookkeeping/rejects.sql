-- name: rejects
-- purpose: What was rejected, the newest run first.
SELECT
    run_id,
    kind,
    uri,
    line_number,
    reason,
    message,
    raw_text,
    line_place
FROM rejected_records
ORDER BY run_id DESC, uri ASC, line_number ASC, line_place ASC, fingerprint ASC
