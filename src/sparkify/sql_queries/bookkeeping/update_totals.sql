-- name: update_totals
-- purpose: Add what this run staged and published to the running totals; the first that stages
--   anything leaves the settings by which it did.
-- note: the join by the version is for Redshift, which updates by an equality or not at all.
UPDATE warehouse_info
SET
    mend_text = COALESCE(warehouse_info.mend_text, added.mend_text),
    jsonpaths_hash = COALESCE(warehouse_info.jsonpaths_hash, added.jsonpaths_hash),
    staged_events = warehouse_info.staged_events + added.events,
    staged_songs = warehouse_info.staged_songs + added.songs,
    staged_plays = warehouse_info.staged_plays + added.plays,
    published_plays = warehouse_info.published_plays + added.plays
FROM (
    SELECT
        2 AS schema_version,
        CASE WHEN runs.events_staged + runs.songs_staged > 0 THEN run.mend_text END AS mend_text,
        CASE
            WHEN runs.events_staged + runs.songs_staged > 0 THEN run.jsonpaths_hash
        END AS jsonpaths_hash,
        runs.events_staged AS events,
        runs.songs_staged AS songs,
        plays.records - displaced.records AS plays
    FROM etl_runs AS runs
    INNER JOIN new_run AS run
        ON runs.run_id = run.run_id
    CROSS JOIN (SELECT COUNT(*) AS records FROM new_events WHERE page = 'NextSong') AS plays
    CROSS JOIN (
        SELECT COUNT(*) AS records
        FROM ranked_events
        WHERE
            outcome = 'displaced'
            AND page = 'NextSong'
    ) AS displaced
) AS added
WHERE warehouse_info.schema_version = added.schema_version
