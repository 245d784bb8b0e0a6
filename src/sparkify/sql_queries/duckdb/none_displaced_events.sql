-- name: none_displaced_events
-- purpose: For a rebuild: no staged record yields.
CREATE TEMPORARY TABLE displaced_events AS
SELECT *
FROM staging_events
WHERE FALSE
