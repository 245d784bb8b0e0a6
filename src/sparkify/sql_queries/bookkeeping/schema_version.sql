-- name: schema_version
-- purpose: Which version of the schema the tables have.
SELECT schema_version
FROM warehouse_info
