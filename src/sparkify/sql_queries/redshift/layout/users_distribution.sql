-- name: users_distribution
-- purpose: While it is small, a copy on every node, so that no row travels; grown large, by its key,
--   as songplays is: AUTO begins with ALL and goes over to KEY (dg/c_choosing_dist_sort).
-- table: users
ALTER TABLE users ALTER DISTSTYLE AUTO
