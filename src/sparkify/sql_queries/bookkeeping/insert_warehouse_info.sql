-- name: insert_warehouse_info
-- purpose: Note the version of the schema, once.
INSERT INTO warehouse_info (schema_version)
SELECT 1 AS schema_version
WHERE NOT EXISTS (SELECT 1 FROM warehouse_info)
