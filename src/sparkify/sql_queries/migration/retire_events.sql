-- name: retire_events
-- purpose: Put the staged events of an older version aside.
ALTER TABLE staging_events RENAME TO older_events
