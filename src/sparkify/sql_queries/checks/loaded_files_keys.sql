-- name: loaded_files_keys
-- purpose: The key of loaded_files is never null and never stands twice.
-- note: grouped by an expression, for Redshift answers from a declared key without looking.
-- severity: fail
SELECT
    uri,
    fingerprint,
    copies
FROM (
    SELECT
        uri || '' AS uri,
        fingerprint || '' AS fingerprint,
        COUNT(*) AS copies
    FROM loaded_files
    GROUP BY uri || '', fingerprint || ''
) AS keyed
WHERE
    copies > 1
    OR uri IS NULL
    OR fingerprint IS NULL
