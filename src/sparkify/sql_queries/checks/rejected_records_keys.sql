-- name: rejected_records_keys
-- purpose: The key of rejected_records is never null and never stands twice.
-- severity: fail
SELECT
    uri,
    fingerprint,
    line_number,
    line_place,
    COUNT(*) AS copies
FROM rejected_records
GROUP BY uri, fingerprint, line_number, line_place
HAVING
    COUNT(*) > 1
    OR uri IS NULL
    OR fingerprint IS NULL
    OR line_number IS NULL
    OR line_place IS NULL
