-- name: lock_ledger
-- purpose: Keep loads of version 1 out, which lock this table, and other migrations.
LOCK loaded_files
