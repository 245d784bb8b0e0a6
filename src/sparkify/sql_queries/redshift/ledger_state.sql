-- name: ledger_state
-- purpose: The newest run, how many runs were refused, how large the ledger and staging are, the version
--   of the tables, and the settings that what is staged depends on.
SELECT
    runs.newest_run,
    runs.refused_runs,
    files.file_versions,
    info.staged_events,
    info.schema_version,
    info.mend_text,
    info.jsonpaths_hash
FROM (
    SELECT
        COALESCE(MAX(run_id), 0) AS newest_run,
        COUNT(CASE WHEN status = 'refused' THEN 1 END) AS refused_runs
    FROM etl_runs
) AS runs
CROSS JOIN (SELECT COUNT(*) AS file_versions FROM loaded_files) AS files
CROSS JOIN (
    SELECT
        MAX(staged_events) AS staged_events,
        MAX(schema_version) AS schema_version,
        MAX(mend_text) AS mend_text,
        MAX(jsonpaths_hash) AS jsonpaths_hash
    FROM warehouse_info
) AS info
