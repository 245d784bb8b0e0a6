-- name: loaded_files_keys
-- purpose: The key of loaded_files is never null and never stands twice.
-- severity: fail
SELECT
    uri,
    fingerprint,
    COUNT(*) AS copies
FROM loaded_files
GROUP BY uri, fingerprint
HAVING
    COUNT(*) > 1
    OR uri IS NULL
    OR fingerprint IS NULL
