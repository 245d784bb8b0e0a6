-- name: reject_reasons
-- purpose: How many records were rejected for which reason.
SELECT
    kind,
    reason,
    COUNT(*) AS records
FROM rejected_records
GROUP BY kind, reason
ORDER BY kind ASC, reason ASC
