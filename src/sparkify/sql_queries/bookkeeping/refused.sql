-- name: refused
-- purpose: What the newest run rejected, if it was refused: the reasons, each with its first
--   record.
SELECT
    kind,
    reason,
    records,
    uri,
    line_number,
    message
FROM (
    SELECT
        rejected_records.kind,
        rejected_records.reason,
        rejected_records.uri,
        rejected_records.line_number,
        rejected_records.message,
        COUNT(*) OVER (
            PARTITION BY rejected_records.kind, rejected_records.reason
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS records,
        ROW_NUMBER() OVER (
            PARTITION BY rejected_records.kind, rejected_records.reason
            ORDER BY
                rejected_records.uri ASC,
                rejected_records.line_number ASC,
                rejected_records.line_place ASC,
                rejected_records.fingerprint ASC
        ) AS place
    FROM rejected_records
    INNER JOIN etl_runs
        ON rejected_records.run_id = etl_runs.run_id
    INNER JOIN (SELECT MAX(runs.run_id) AS run_id FROM etl_runs AS runs) AS newest
        ON etl_runs.run_id = newest.run_id
    WHERE etl_runs.status = 'refused'
) AS samples
WHERE place = 1
ORDER BY records DESC, kind ASC, reason ASC
