-- name: export_table
-- purpose: Write one table as a Parquet file.
-- parameters: table (its name), path.
COPY (SELECT * FROM query_table($table)) TO $path (FORMAT parquet)
