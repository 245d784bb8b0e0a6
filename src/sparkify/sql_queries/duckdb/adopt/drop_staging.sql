-- name: drop_staging
-- purpose: Make room: staging_events is empty.
DROP TABLE staging_events
