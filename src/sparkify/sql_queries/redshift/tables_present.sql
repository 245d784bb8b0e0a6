-- name: tables_present
-- purpose: Which tables there are.
SELECT CAST(table_name AS VARCHAR(128)) AS table_name
FROM information_schema.tables
WHERE table_schema = CURRENT_SCHEMA()
ORDER BY table_name ASC
