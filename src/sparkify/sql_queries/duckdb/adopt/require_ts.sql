-- name: require_ts
-- purpose: Require what staging_events requires.
ALTER TABLE staging_events ALTER COLUMN ts SET NOT NULL
