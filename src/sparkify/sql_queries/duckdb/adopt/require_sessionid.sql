-- name: require_sessionid
-- purpose: Require what staging_events requires.
ALTER TABLE staging_events ALTER COLUMN sessionid SET NOT NULL
