-- name: drop_tables
-- purpose: Remove every table at once: one by one, with their making, they are more statements than
--   a batch takes.
DROP TABLE IF EXISTS :tables
