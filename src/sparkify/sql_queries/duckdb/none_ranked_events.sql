-- name: none_ranked_events
-- purpose: For a rebuild: no staged record yields.
CREATE OR REPLACE TEMPORARY TABLE ranked_events AS
SELECT
    *,
    CAST(NULL AS INTEGER) AS source_file,
    '' AS outcome
FROM staging_events
WHERE FALSE
