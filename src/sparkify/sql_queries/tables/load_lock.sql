-- name: load_lock
-- purpose: What a load on Redshift locks; it holds nothing, and no reader waits for it.
-- grain: none
CREATE TABLE IF NOT EXISTS load_lock (
    locked INTEGER NOT NULL
)
