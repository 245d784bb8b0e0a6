-- name: reject_samples
-- purpose: The first rejected records of each kind and reason, the newest run first.
SELECT
    run_id,
    kind,
    reason,
    uri,
    line_number,
    message,
    raw_text
FROM (
    SELECT
        run_id,
        kind,
        reason,
        uri,
        line_number,
        message,
        raw_text,
        ROW_NUMBER() OVER (
            PARTITION BY kind, reason
            ORDER BY run_id DESC, uri ASC, line_number ASC, fingerprint ASC
        ) AS place
    FROM rejected_records
) AS ranked
WHERE place <= 3
ORDER BY kind ASC, reason ASC, place ASC
