-- name: none_ranked_songs
-- purpose: For a rebuild: no staged record yields.
CREATE OR REPLACE TEMPORARY TABLE ranked_songs AS
SELECT
    *,
    CAST(NULL AS INTEGER) AS source_file,
    '' AS outcome
FROM staging_songs
WHERE FALSE
