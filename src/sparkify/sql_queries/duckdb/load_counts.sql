-- name: load_counts
-- purpose: What became of the records of this load, by kind.
SELECT
    kind,
    CAST(sum(records_read) AS BIGINT) AS records_read,
    CAST(sum(records_staged) AS BIGINT) AS records_staged,
    CAST(sum(records_duplicate) AS BIGINT) AS records_duplicate,
    CAST(sum(records_rejected) AS BIGINT) AS records_rejected
FROM new_file_counts
GROUP BY kind
