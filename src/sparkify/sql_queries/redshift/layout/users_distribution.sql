-- name: users_distribution
-- purpose: Small and joined by everything: a copy on every node, no row travels.
-- table: users
ALTER TABLE users ALTER DISTSTYLE ALL
