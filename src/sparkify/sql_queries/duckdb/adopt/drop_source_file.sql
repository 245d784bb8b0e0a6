-- name: drop_source_file
-- purpose: Leave only what staging_events has.
ALTER TABLE new_events DROP COLUMN source_file
