-- name: runs
-- purpose: Every run, the newest first.
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
    events_mended,
    songs_mended
FROM etl_runs
ORDER BY run_id DESC
