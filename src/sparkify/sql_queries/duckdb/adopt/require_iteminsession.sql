-- name: require_iteminsession
-- purpose: Require what staging_events requires.
ALTER TABLE staging_events ALTER COLUMN iteminsession SET NOT NULL
