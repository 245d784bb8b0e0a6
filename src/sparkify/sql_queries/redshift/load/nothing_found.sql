-- name: nothing_found
-- purpose: All audits of a load as one statement, which fails on the name of one that found rows.
SELECT CAST(COALESCE(MIN(audit), '0') AS INTEGER) AS failures
FROM (
    :findings
) AS audits
WHERE findings > 0
