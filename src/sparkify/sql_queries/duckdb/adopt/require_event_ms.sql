-- name: require_event_ms
-- purpose: Require what staging_events requires.
ALTER TABLE staging_events ALTER COLUMN event_ms SET NOT NULL
