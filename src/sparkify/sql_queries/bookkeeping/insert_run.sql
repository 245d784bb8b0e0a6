-- name: insert_run
-- purpose: Enter this run, with what became of the records that it read.
INSERT INTO etl_runs (
    run_id, status, started_at, finished_at, files_new, files_changed, files_skipped,
    events_read, events_staged, events_duplicate, events_rejected,
    songs_read, songs_staged, songs_duplicate, songs_rejected
)
SELECT
    run.run_id,
    run.status,
    run.started_at,
    run.finished_at,
    run.files_new,
    run.files_changed,
    run.files_skipped,
    COALESCE(events.records_read, 0) AS events_read,
    COALESCE(events.records_staged, 0) AS events_staged,
    COALESCE(events.records_duplicate, 0) AS events_duplicate,
    COALESCE(events.records_rejected, 0) AS events_rejected,
    COALESCE(songs.records_read, 0) AS songs_read,
    COALESCE(songs.records_staged, 0) AS songs_staged,
    COALESCE(songs.records_duplicate, 0) AS songs_duplicate,
    COALESCE(songs.records_rejected, 0) AS songs_rejected
FROM new_run AS run
CROSS JOIN (
    SELECT
        SUM(records_read) AS records_read,
        SUM(records_staged) AS records_staged,
        SUM(records_duplicate) AS records_duplicate,
        SUM(records_rejected) AS records_rejected
    FROM new_file_counts
    WHERE kind = 'events'
) AS events
CROSS JOIN (
    SELECT
        SUM(records_read) AS records_read,
        SUM(records_staged) AS records_staged,
        SUM(records_duplicate) AS records_duplicate,
        SUM(records_rejected) AS records_rejected
    FROM new_file_counts
    WHERE kind = 'songs'
) AS songs
