-- name: loaded_files
-- purpose: The ledger: every version of a source file that was loaded, and its counts.
-- grain: one version of one file: (uri, fingerprint)
CREATE TABLE IF NOT EXISTS loaded_files (
    uri VARCHAR(4096) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    size BIGINT NOT NULL,
    fingerprint VARCHAR(128) NOT NULL,
    run_id BIGINT NOT NULL,
    records_read BIGINT,
    records_staged BIGINT,
    records_duplicate BIGINT,
    records_rejected BIGINT
)
