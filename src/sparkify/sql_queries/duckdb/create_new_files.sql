-- name: create_new_files
-- purpose: The files of this load, by number.
-- grain: one file: source_file
CREATE TEMPORARY TABLE new_files AS
SELECT
    source_file,
    kind,
    uri,
    size,
    fingerprint,
    records_read
FROM read_json(
    $path,
    format = 'newline_delimited',
    columns = {
        source_file: 'INTEGER',
        kind: 'VARCHAR',
        uri: 'VARCHAR',
        size: 'BIGINT',
        fingerprint: 'VARCHAR',
        records_read: 'BIGINT'
    }
)
