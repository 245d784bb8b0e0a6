-- name: lock_ledger
-- purpose: One load at a time: the isolation of Redshift alone lets two insert side by side.
LOCK load_lock
