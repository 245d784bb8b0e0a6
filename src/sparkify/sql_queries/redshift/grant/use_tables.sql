-- name: use_tables
-- purpose: What a load, the questions and the checks of another database user need; LOCK takes the
--   right to change.
GRANT SELECT, INSERT, UPDATE, DELETE ON :tables TO :user
