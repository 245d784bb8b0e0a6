-- name: migrate_runs
-- purpose: Enter the runs of version 1 again, and the migration as a run that read nothing.
INSERT INTO etl_runs (
    run_id, status, started_at, finished_at, files_new, files_changed, files_skipped,
    events_read, events_staged, events_duplicate, events_rejected,
    songs_read, songs_staged, songs_duplicate, songs_rejected, events_mended, songs_mended
)
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
FROM older_runs
UNION ALL
SELECT
    migration.run_id,
    'migrated' AS status,
    migration.started_at,
    migration.started_at AS finished_at,
    0 AS files_new,
    0 AS files_changed,
    0 AS files_skipped,
    0 AS events_read,
    0 AS events_staged,
    0 AS events_duplicate,
    0 AS events_rejected,
    0 AS songs_read,
    0 AS songs_staged,
    0 AS songs_duplicate,
    0 AS songs_rejected,
    events.mended AS events_mended,
    songs.mended AS songs_mended
FROM migration
CROSS JOIN (
    SELECT COUNT(*) AS mended
    FROM older_events
    WHERE
        artist IN (SELECT text_value FROM mended_texts)
        OR firstname IN (SELECT text_value FROM mended_texts)
        OR lastname IN (SELECT text_value FROM mended_texts)
        OR location IN (SELECT text_value FROM mended_texts)
        OR song IN (SELECT text_value FROM mended_texts)
) AS events
CROSS JOIN (
    SELECT COUNT(*) AS mended
    FROM staging_songs
    WHERE
        title IN (SELECT text_value FROM mended_texts)
        OR artist_name IN (SELECT text_value FROM mended_texts)
        OR artist_location IN (SELECT text_value FROM mended_texts)
) AS songs
