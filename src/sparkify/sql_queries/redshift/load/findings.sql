-- name: findings
-- purpose: How many rows an audit finds, under its name.
SELECT
    CAST(:audit AS VARCHAR(64)) AS audit,
    COUNT(*) AS findings
FROM (
    :audit_query
) AS found
