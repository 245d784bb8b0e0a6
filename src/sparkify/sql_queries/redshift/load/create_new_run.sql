-- name: create_new_run
-- purpose: This run; the statement fails when a newer run is there than the plan was made from.
-- grain: one row
CREATE TEMPORARY TABLE new_run AS
SELECT
    CAST(
        CASE
            WHEN newest.run_id = :base_run THEN :run_id
            ELSE 'another load came first'
        END AS BIGINT
    ) AS run_id,
    CAST(:status AS VARCHAR(16)) AS status,
    CAST(:started_at AS TIMESTAMP) AS started_at,
    CAST(:finished_at AS TIMESTAMP) AS finished_at,
    CAST(:files_new AS BIGINT) AS files_new,
    CAST(:files_changed AS BIGINT) AS files_changed,
    CAST(:files_skipped AS BIGINT) AS files_skipped,
    CAST(:events_mended AS BIGINT) AS events_mended,
    CAST(:songs_mended AS BIGINT) AS songs_mended,
    CAST(:mend_text AS INTEGER) AS mend_text,
    CAST(:jsonpaths_hash AS VARCHAR(64)) AS jsonpaths_hash
FROM (SELECT COALESCE(MAX(run_id), 0) AS run_id FROM etl_runs) AS newest
