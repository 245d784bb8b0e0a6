-- name: rejected_records
-- purpose: Every record that was read and not staged, with where it stood, why, and its text.
-- grain: one record of one version of a file: (uri, fingerprint, line_number, line_place)
CREATE TABLE IF NOT EXISTS rejected_records (
    run_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    uri VARCHAR(4096) NOT NULL,
    fingerprint VARCHAR(128) NOT NULL,
    line_number BIGINT NOT NULL,
    line_place BIGINT NOT NULL,
    reason VARCHAR(16) NOT NULL,
    message VARCHAR(1024) NOT NULL,
    raw_text VARCHAR(16384) NOT NULL
)
