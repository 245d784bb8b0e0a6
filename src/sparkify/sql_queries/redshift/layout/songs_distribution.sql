-- name: songs_distribution
-- purpose: Small beside the fact and joined by it: a copy on every node, no row travels.
-- table: songs
ALTER TABLE songs ALTER DISTSTYLE ALL
