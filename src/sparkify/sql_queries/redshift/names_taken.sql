-- name: names_taken
-- purpose: Every table and view that there is, and the columns of warehouse_info, which tell
--   whether it is ours.
SELECT DISTINCT
    CAST(table_name AS VARCHAR(128)) AS name,
    CASE
        WHEN table_name = 'warehouse_info' THEN CAST(column_name AS VARCHAR(128))
        ELSE ''
    END AS column_name
FROM information_schema.columns
WHERE table_schema = CURRENT_SCHEMA()
ORDER BY
    name ASC,
    column_name ASC
