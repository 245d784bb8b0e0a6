-- name: rejected_records
-- purpose: The rejects in a warehouse of version 1, as this version has them: a line was a record.
SELECT
    run_id,
    kind,
    uri,
    fingerprint,
    line_number,
    1 AS line_place,
    reason,
    message,
    raw_text
FROM rejected_records
