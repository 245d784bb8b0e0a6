-- name: runs_add_up
-- purpose: Of each run: read = staged + duplicates + rejected, and its files say the same.
-- severity: fail
SELECT
    runs.run_id,
    runs.events_read,
    runs.events_staged,
    runs.events_duplicate,
    runs.events_rejected,
    runs.songs_read,
    runs.songs_staged,
    runs.songs_duplicate,
    runs.songs_rejected,
    files.records_read
FROM etl_runs AS runs
LEFT JOIN (
    SELECT
        run_id,
        COUNT(*) AS files,
        COUNT(records_read) AS counted_files,
        CAST(SUM(records_read) AS BIGINT) AS records_read
    FROM loaded_files
    GROUP BY run_id
) AS files
    ON runs.run_id = files.run_id
WHERE
    runs.status = 'published'
    AND (
        runs.events_read <> runs.events_staged + runs.events_duplicate + runs.events_rejected
        OR runs.songs_read <> runs.songs_staged + runs.songs_duplicate + runs.songs_rejected
        OR (
            files.files = files.counted_files
            AND files.records_read <> runs.events_read + runs.songs_read
        )
    )
