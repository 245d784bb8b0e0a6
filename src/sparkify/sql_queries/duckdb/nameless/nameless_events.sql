-- name: nameless_events
-- purpose: Take the names of listeners out of staging_events, in a copy of the database.
UPDATE staging_events SET firstname = NULL, lastname = NULL
