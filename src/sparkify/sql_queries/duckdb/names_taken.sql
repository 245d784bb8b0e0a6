-- name: names_taken
-- purpose: Every table and view that the database has, and the columns of warehouse_info, which
--   tell whether it is ours.
SELECT DISTINCT
    lower(table_name) AS name,
    CASE WHEN lower(table_name) = 'warehouse_info' THEN lower(column_name) ELSE '' END
        AS column_name
FROM information_schema.columns
WHERE
    table_catalog = current_database()
    AND table_schema = 'main'
ORDER BY
    name,
    column_name
