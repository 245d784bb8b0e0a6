-- name: create_new_run
-- purpose: What the statements of this run need to know of it.
-- grain: one row
CREATE TEMPORARY TABLE new_run AS
SELECT
    CAST($run_id AS BIGINT) AS run_id,
    CAST($status AS VARCHAR) AS status,
    CAST($started_at AS TIMESTAMP) AS started_at,
    CAST($finished_at AS TIMESTAMP) AS finished_at,
    CAST($files_new AS BIGINT) AS files_new,
    CAST($files_changed AS BIGINT) AS files_changed,
    CAST($files_skipped AS BIGINT) AS files_skipped,
    CAST($events_mended AS BIGINT) AS events_mended,
    CAST($songs_mended AS BIGINT) AS songs_mended,
    CAST($mend_text AS INTEGER) AS mend_text,
    CAST($jsonpaths_hash AS VARCHAR) AS jsonpaths_hash
