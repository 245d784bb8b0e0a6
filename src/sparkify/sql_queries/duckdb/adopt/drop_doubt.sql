-- name: drop_doubt
-- purpose: Leave only what staging_events has.
ALTER TABLE new_events DROP COLUMN doubt
