-- name: columns_present
-- purpose: The columns that the tables have, each with the first word of its type.
SELECT
    CAST(table_name AS VARCHAR(128)) AS table_name,
    CAST(column_name AS VARCHAR(128)) AS column_name,
    CASE
        WHEN data_type LIKE 'character varying%' THEN 'VARCHAR'
        ELSE UPPER(CAST(data_type AS VARCHAR(128)))
    END AS data_type
FROM information_schema.columns
WHERE table_schema = CURRENT_SCHEMA()
ORDER BY
    table_name ASC,
    column_name ASC
