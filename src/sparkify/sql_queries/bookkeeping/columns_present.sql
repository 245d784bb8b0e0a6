-- name: columns_present
-- purpose: The columns that tables and views have, each with the first word of its type.
SELECT
    CAST(table_name AS VARCHAR(128)) AS table_name,
    CAST(column_name AS VARCHAR(128)) AS column_name,
    CASE
        WHEN data_type LIKE 'character varying%' OR data_type = 'text' THEN 'VARCHAR'
        WHEN data_type LIKE 'timestamp%' THEN 'TIMESTAMP'
        WHEN data_type LIKE 'double%' THEN 'DOUBLE'
        ELSE UPPER(CAST(data_type AS VARCHAR(128)))
    END AS data_type
FROM information_schema.columns
WHERE
    table_catalog = CURRENT_DATABASE()
    AND table_schema = CURRENT_SCHEMA()
ORDER BY
    table_name ASC,
    column_name ASC
