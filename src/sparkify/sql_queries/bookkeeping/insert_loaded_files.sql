-- name: insert_loaded_files
-- purpose: Enter the files of this load into the ledger, with what became of their records; staged
--   is net of displaced ones, which stand among the rejects of the file whose record displaced
--   them. A file whose records were not counted one by one has no counts.
INSERT INTO loaded_files (
    uri, kind, size, fingerprint, run_id, records_read, records_staged, records_duplicate,
    records_rejected
)
SELECT
    files.uri,
    files.kind,
    files.size,
    files.fingerprint,
    run.run_id,
    files.records_read,
    CASE
        WHEN files.records_read IS NOT NULL
            THEN COALESCE(kept.records, 0) - COALESCE(ranked.displaced, 0)
    END AS records_staged,
    CASE
        WHEN files.records_read IS NOT NULL THEN COALESCE(ranked.duplicates, 0)
    END AS records_duplicate,
    CASE
        WHEN files.records_read IS NOT NULL THEN COALESCE(rejects.records, 0)
    END AS records_rejected
FROM new_files AS files
CROSS JOIN new_run AS run
LEFT JOIN (
    SELECT
        source_file,
        COUNT(*) AS records
    FROM new_events
    GROUP BY source_file
    UNION ALL
    SELECT
        source_file,
        COUNT(*) AS records
    FROM new_songs
    GROUP BY source_file
) AS kept
    ON files.source_file = kept.source_file
LEFT JOIN (
    SELECT
        source_file,
        COUNT(CASE WHEN outcome = 'duplicate' THEN 1 END) AS duplicates,
        COUNT(CASE WHEN outcome = 'displaced' THEN 1 END) AS displaced
    FROM (
        SELECT
            source_file,
            outcome
        FROM ranked_events
        WHERE outcome = 'duplicate'
        UNION ALL
        SELECT
            source_file,
            outcome
        FROM ranked_songs
        WHERE outcome = 'duplicate'
        UNION ALL
        SELECT
            kept_events.source_file,
            displaced_events.outcome
        FROM ranked_events AS displaced_events
        INNER JOIN ranked_events AS kept_events
            ON
                displaced_events.event_ms = kept_events.event_ms
                AND COALESCE(displaced_events.userid, -1) = COALESCE(kept_events.userid, -1)
                AND displaced_events.sessionid = kept_events.sessionid
                AND displaced_events.iteminsession = kept_events.iteminsession
        WHERE
            displaced_events.outcome = 'displaced'
            AND kept_events.outcome = 'kept'
        UNION ALL
        SELECT
            kept_songs.source_file,
            displaced_songs.outcome
        FROM ranked_songs AS displaced_songs
        INNER JOIN ranked_songs AS kept_songs
            ON displaced_songs.song_id = kept_songs.song_id
        WHERE
            displaced_songs.outcome = 'displaced'
            AND kept_songs.outcome = 'kept'
    ) AS outcomes
    GROUP BY source_file
) AS ranked
    ON files.source_file = ranked.source_file
LEFT JOIN (
    SELECT
        records.uri,
        COUNT(*) AS records
    FROM rejected_records AS records
    INNER JOIN new_run AS this_run
        ON records.run_id = this_run.run_id
    GROUP BY records.uri
) AS rejects
    ON files.uri = rejects.uri
