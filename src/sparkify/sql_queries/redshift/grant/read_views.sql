-- name: read_views
-- purpose: The same for views, which nobody changes.
GRANT SELECT ON :views TO :user
