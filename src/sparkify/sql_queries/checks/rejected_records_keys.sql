-- name: rejected_records_keys
-- purpose: The key of rejected_records is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    uri,
    fingerprint,
    line_number,
    line_place,
    copies
FROM (
    SELECT
        uri || '' AS uri,
        fingerprint || '' AS fingerprint,
        line_number + 0 AS line_number,
        line_place + 0 AS line_place,
        COUNT(*) AS copies
    FROM rejected_records
    GROUP BY uri || '', fingerprint || '', line_number + 0, line_place + 0
) AS keyed
WHERE
    copies > 1
    OR uri IS NULL
    OR fingerprint IS NULL
    OR line_number IS NULL
    OR line_place IS NULL
