-- name: warehouse_info
-- purpose: Which version of the schema the tables have.
-- grain: one row
CREATE TABLE IF NOT EXISTS warehouse_info (
    schema_version INTEGER NOT NULL
)
