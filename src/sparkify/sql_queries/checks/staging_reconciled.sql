-- name: staging_reconciled
-- purpose: All runs together staged and rejected what the tables hold; a migration forgets the
--   rejects before it.
-- severity: fail
SELECT
    runs.events_staged,
    events.staged_events,
    runs.songs_staged,
    songs.staged_songs,
    runs.records_rejected,
    rejects.rejected_records
FROM (
    SELECT
        CAST(COALESCE(SUM(events_staged), 0) AS BIGINT) AS events_staged,
        CAST(COALESCE(SUM(songs_staged), 0) AS BIGINT) AS songs_staged,
        CAST(
            COALESCE(
                SUM(
                    CASE
                        WHEN entered.run_id > migrations.run_id
                            THEN entered.events_rejected + entered.songs_rejected
                    END
                ),
                0
            ) AS BIGINT
        ) AS records_rejected
    FROM etl_runs AS entered
    CROSS JOIN (
        SELECT COALESCE(MAX(run_id), 0) AS run_id
        FROM etl_runs
        WHERE status = 'migrated'
    ) AS migrations
    WHERE entered.status = 'published'
) AS runs
CROSS JOIN (SELECT COUNT(*) AS staged_events FROM staging_events) AS events
CROSS JOIN (SELECT COUNT(*) AS staged_songs FROM staging_songs) AS songs
CROSS JOIN (
    SELECT COUNT(*) AS rejected_records
    FROM rejected_records AS records
    INNER JOIN etl_runs AS published
        ON records.run_id = published.run_id
    WHERE published.status = 'published'
) AS rejects
WHERE
    runs.events_staged <> events.staged_events
    OR runs.songs_staged <> songs.staged_songs
    OR runs.records_rejected <> rejects.rejected_records
