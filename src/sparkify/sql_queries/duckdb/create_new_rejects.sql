-- name: create_new_rejects
-- purpose: The rejected records of this load.
-- grain: one record of a file: (source_file, line_number, line_place)
CREATE TEMPORARY TABLE new_rejects AS
SELECT
    source_file,
    line_number,
    line_place,
    reason,
    message,
    raw_text
FROM read_json(
    $path,
    format = 'newline_delimited',
    hive_partitioning = FALSE,
    columns = {
        source_file: 'INTEGER',
        line_number: 'BIGINT',
        line_place: 'BIGINT',
        reason: 'VARCHAR',
        message: 'VARCHAR',
        raw_text: 'VARCHAR'
    }
)
