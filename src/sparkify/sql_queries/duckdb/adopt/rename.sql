-- name: rename
-- purpose: The events of a first load become staging_events without being copied.
ALTER TABLE new_events RENAME TO staging_events
