-- name: nothing_found
-- purpose: An audit as a statement that fails when the audit finds rows.
SELECT CAST(CASE WHEN COUNT(*) = 0 THEN '0' ELSE :audit END AS INTEGER) AS failures
FROM (
    :audit_query
) AS found
