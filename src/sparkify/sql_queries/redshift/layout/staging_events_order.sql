-- name: staging_events_order
-- purpose: Days are loaded and asked for as days; distribution is left to Redshift (AUTO), for the
--   key is joined only for the rows that a load touches.
-- table: staging_events
ALTER TABLE staging_events ALTER SORTKEY (ts)
