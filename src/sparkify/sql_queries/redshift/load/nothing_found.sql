-- name: nothing_found
-- purpose: All audits of a load as one statement, which fails on the name of one that found rows:
--   conflicts that are not told first, for they break others.
SELECT
    CAST(
        COALESCE(MIN(CASE WHEN audit = 'conflicts_told' THEN audit END), MIN(audit), '0')
        AS INTEGER
    ) AS failures
FROM (
    :findings
) AS audits
WHERE findings > 0
