-- name: etl_runs
-- purpose: Every load that ended: published, refused for its rejects, or migrated from
--   an older schema; times in UTC.
-- grain: one load: run_id
CREATE TABLE IF NOT EXISTS etl_runs (
    run_id BIGINT NOT NULL,
    status VARCHAR(16) NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP NOT NULL,
    files_new BIGINT NOT NULL,
    files_changed BIGINT NOT NULL,
    files_skipped BIGINT NOT NULL,
    events_read BIGINT NOT NULL,
    events_staged BIGINT NOT NULL,
    events_duplicate BIGINT NOT NULL,
    events_rejected BIGINT NOT NULL,
    songs_read BIGINT NOT NULL,
    songs_staged BIGINT NOT NULL,
    songs_duplicate BIGINT NOT NULL,
    songs_rejected BIGINT NOT NULL,
    events_mended BIGINT NOT NULL,
    songs_mended BIGINT NOT NULL
)
