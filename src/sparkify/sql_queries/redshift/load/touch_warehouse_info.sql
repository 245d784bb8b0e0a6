-- name: touch_warehouse_info
-- purpose: Write what nobody reads: under snapshot isolation two loads at once then conflict, even
--   where the lock should not hold.
UPDATE warehouse_info
SET schema_version = schema_version
WHERE schema_version = 2
