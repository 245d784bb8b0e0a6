-- name: create_new_files
-- purpose: The files of this load, by number.
-- grain: one file: source_file
-- note: they come column by column, some files a line, from number `first` on.
CREATE TEMPORARY TABLE new_files AS
SELECT
    unnest(range(first, first + len(uri))) AS source_file,
    unnest(kind) AS kind,
    unnest(uri) AS uri,
    unnest(size) AS size,
    unnest(fingerprint) AS fingerprint,
    unnest(records_read) AS records_read
FROM read_json(
    $path,
    format = 'newline_delimited',
    hive_partitioning = FALSE,
    columns = {
        first: 'BIGINT',
        kind: 'VARCHAR[]',
        uri: 'VARCHAR[]',
        size: 'BIGINT[]',
        fingerprint: 'VARCHAR[]',
        records_read: 'BIGINT[]'
    }
)
