-- name: artists_distribution
-- purpose: Small beside the fact and joined by it: a copy on every node, no row travels.
-- table: artists
ALTER TABLE artists ALTER DISTSTYLE ALL
