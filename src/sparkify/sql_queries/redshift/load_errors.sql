-- name: load_errors
-- purpose: What one COPY could not load: file, line, column and why. The view pads its texts with
--   blanks, and lags behind by seconds.
-- grain: one value that could not be loaded
SELECT
    TRIM(file_name) AS file_name,
    line_number,
    TRIM(column_name) AS column_name,
    TRIM(column_type) AS column_type,
    TRIM(column_length) AS column_length,
    position,
    error_code,
    TRIM(error_message) AS error_message
FROM sys_load_error_detail
WHERE query_id = CAST(:query_id AS BIGINT)
ORDER BY start_time, file_name, line_number, column_name, position, error_code, error_message
LIMIT 20
