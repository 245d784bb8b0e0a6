-- name: insert_refused_run
-- purpose: Enter a run that was refused for its rejects: it staged nothing.
INSERT INTO etl_runs (
    run_id, status, started_at, finished_at, files_new, files_changed, files_skipped,
    events_read, events_staged, events_duplicate, events_rejected,
    songs_read, songs_staged, songs_duplicate, songs_rejected, events_mended, songs_mended
)
SELECT
    run.run_id,
    run.status,
    run.started_at,
    run.finished_at,
    run.files_new,
    run.files_changed,
    run.files_skipped,
    files.events_read,
    0 AS events_staged,
    0 AS events_duplicate,
    rejects.events_rejected,
    files.songs_read,
    0 AS songs_staged,
    0 AS songs_duplicate,
    rejects.songs_rejected,
    run.events_mended,
    run.songs_mended
FROM new_run AS run
CROSS JOIN (
    SELECT
        COALESCE(SUM(CASE WHEN kind = 'events' THEN records_read END), 0) AS events_read,
        COALESCE(SUM(CASE WHEN kind = 'songs' THEN records_read END), 0) AS songs_read
    FROM new_files
) AS files
CROSS JOIN (
    SELECT
        COUNT(CASE WHEN records.kind = 'events' THEN 1 END) AS events_rejected,
        COUNT(CASE WHEN records.kind = 'songs' THEN 1 END) AS songs_rejected
    FROM rejected_records AS records
    INNER JOIN new_run AS this_run
        ON records.run_id = this_run.run_id
) AS rejects
