-- name: require_page
-- purpose: Require what staging_events requires.
ALTER TABLE staging_events ALTER COLUMN page SET NOT NULL
