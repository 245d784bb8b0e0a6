-- name: all_as_new_events
-- purpose: For a rebuild: everything that is staged stands for the records of the load.
CREATE TEMPORARY VIEW new_events AS
SELECT *
FROM staging_events
