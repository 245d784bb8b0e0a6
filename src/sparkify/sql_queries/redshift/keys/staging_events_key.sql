-- name: staging_events_key
-- purpose: Tell the planner the key of staging_events; Redshift does not enforce it, the checks prove it.
-- table: staging_events
ALTER TABLE staging_events ADD UNIQUE (event_ms, userid, sessionid, iteminsession)
