-- name: create_new_files
-- purpose: The files of this load; records_read is null where COPY reads them itself.
-- grain: one file of this load
CREATE TEMPORARY TABLE new_files (
    source_file INTEGER,
    kind VARCHAR(16),
    uri VARCHAR(4096),
    size BIGINT,
    fingerprint VARCHAR(128),
    records_read BIGINT
)
