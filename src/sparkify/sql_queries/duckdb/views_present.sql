-- name: views_present
-- purpose: The views that the database has.
SELECT table_name
FROM information_schema.tables
WHERE
    table_schema = 'main'
    AND table_type = 'VIEW'
ORDER BY table_name
