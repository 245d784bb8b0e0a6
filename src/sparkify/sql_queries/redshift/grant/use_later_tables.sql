-- name: use_later_tables
-- purpose: The same for tables and views that this user makes later, in a migration, say.
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :user
