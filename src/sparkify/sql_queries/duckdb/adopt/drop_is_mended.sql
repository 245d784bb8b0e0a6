-- name: drop_is_mended
-- purpose: Leave only what staging_events has.
ALTER TABLE new_events DROP COLUMN is_mended
