-- name: insert_run
-- purpose: Enter this run, with what became of the records that it read. What was read is counted
--   by file where that is known, and else (source_file is null) by what arrived.
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
    files.events_read + events.unplaced + ranked_events.unplaced AS events_read,
    events.records - ranked_events.displaced AS events_staged,
    ranked_events.duplicates AS events_duplicate,
    rejects.events_rejected,
    files.songs_read + songs.unplaced + ranked_songs.unplaced AS songs_read,
    songs.records - ranked_songs.displaced AS songs_staged,
    ranked_songs.duplicates AS songs_duplicate,
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
        COUNT(*) AS records,
        COUNT(*) - COUNT(source_file) AS unplaced
    FROM new_events
) AS events
CROSS JOIN (
    SELECT
        COUNT(*) AS records,
        COUNT(*) - COUNT(source_file) AS unplaced
    FROM new_songs
) AS songs
CROSS JOIN (
    SELECT
        COUNT(CASE WHEN outcome = 'displaced' THEN 1 END) AS displaced,
        COUNT(CASE WHEN outcome = 'duplicate' THEN 1 END) AS duplicates,
        COUNT(CASE WHEN outcome = 'duplicate' AND source_file IS NULL THEN 1 END) AS unplaced
    FROM ranked_events
) AS ranked_events
CROSS JOIN (
    SELECT
        COUNT(CASE WHEN outcome = 'displaced' THEN 1 END) AS displaced,
        COUNT(CASE WHEN outcome = 'duplicate' THEN 1 END) AS duplicates,
        COUNT(CASE WHEN outcome = 'duplicate' AND source_file IS NULL THEN 1 END) AS unplaced
    FROM ranked_songs
) AS ranked_songs
CROSS JOIN (
    SELECT
        COUNT(CASE WHEN records.kind = 'events' THEN 1 END) AS events_rejected,
        COUNT(CASE WHEN records.kind = 'songs' THEN 1 END) AS songs_rejected
    FROM rejected_records AS records
    INNER JOIN new_run AS this_run
        ON records.run_id = this_run.run_id
) AS rejects
