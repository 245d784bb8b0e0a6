-- name: create_migration
-- purpose: What the statements of a migration need to know; the statement fails when a run has come,
--   or another process has migrated, since it was planned.
-- grain: one row
CREATE TEMPORARY TABLE migration AS
SELECT
    CAST(
        CASE
            WHEN newest.run_id = :base_run AND info.schema_version = :from_version THEN :run_id
            ELSE 'another load came first'
        END AS BIGINT
    ) AS run_id,
    CAST(:started_at AS TIMESTAMP) AS started_at,
    CAST(:mend_text AS INTEGER) AS mend_text
FROM (SELECT COALESCE(MAX(run_id), 0) AS run_id FROM etl_runs) AS newest
CROSS JOIN (SELECT MAX(schema_version) AS schema_version FROM warehouse_info) AS info
