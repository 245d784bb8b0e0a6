-- name: migrated
-- purpose: What a migration kept and mended.
SELECT
    runs.run_id,
    events.records AS events,
    songs.records AS songs,
    runs.events_mended,
    runs.songs_mended
FROM (SELECT COUNT(*) AS records FROM staging_events) AS events
CROSS JOIN (SELECT COUNT(*) AS records FROM staging_songs) AS songs
CROSS JOIN (
    SELECT
        run_id,
        events_mended,
        songs_mended
    FROM etl_runs
    WHERE status = 'migrated'
    ORDER BY run_id DESC
    LIMIT 1
) AS runs
