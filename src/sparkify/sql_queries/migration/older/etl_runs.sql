-- name: etl_runs
-- purpose: The runs in a warehouse of version 1, as this version has them.
SELECT
    run_id,
    status,
    started_at,
    finished_at,
    files_new,
    files_changed,
    files_skipped,
    events_read,
    events_staged,
    events_duplicate,
    events_rejected,
    songs_read,
    songs_staged,
    songs_duplicate,
    songs_rejected,
    0 AS events_mended,
    0 AS songs_mended
FROM etl_runs
