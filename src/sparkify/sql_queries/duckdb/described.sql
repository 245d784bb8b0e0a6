-- name: described
-- purpose: The tables and views that carry a comment.
SELECT table_name AS name
FROM duckdb_tables()
WHERE
    database_name = current_database()
    AND comment IS NOT NULL
UNION ALL
SELECT view_name AS name
FROM duckdb_views()
WHERE
    database_name = current_database()
    AND comment IS NOT NULL
ORDER BY name
