-- name: staging_events_order
-- purpose: Days are loaded and asked for as days; distribution is left to Redshift (AUTO), for the
--   key is joined only for the rows that a load touches.
-- note: no key is declared: userid may be NULL, which counts as -1 in it, and no declaration says
--   so. Nothing refers to it; the check staging_events_keys proves it.
-- table: staging_events
ALTER TABLE staging_events ALTER SORTKEY (ts)
