-- name: create_migration
-- purpose: What the statements of a migration need to know.
-- grain: one row
CREATE TEMPORARY TABLE migration AS
SELECT
    CAST($run_id AS BIGINT) AS run_id,
    CAST($started_at AS TIMESTAMP) AS started_at,
    CAST($mend_text AS INTEGER) AS mend_text
