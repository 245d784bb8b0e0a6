-- name: new_file_counts
-- purpose: What became of the records of each file of this load; staged is net of displaced ones,
--   which stand among the rejects of the file whose record displaced them.
-- grain: one file of this load
CREATE TEMPORARY TABLE new_file_counts AS
SELECT
    files.source_file,
    files.kind,
    files.uri,
    files.size,
    files.fingerprint,
    files.records_read,
    COALESCE(kept.records, 0) - COALESCE(displaced.records, 0) AS records_staged,
    COALESCE(duplicates.records, 0) AS records_duplicate,
    COALESCE(rejects.records, 0) AS records_rejected
FROM new_files AS files
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
        COUNT(*) AS records
    FROM displacing_records
    GROUP BY source_file
) AS displaced
    ON files.source_file = displaced.source_file
LEFT JOIN (
    SELECT
        source_file,
        COUNT(*) AS records
    FROM (
        SELECT source_file
        FROM ranked_events
        WHERE outcome = 'duplicate'
        UNION ALL
        SELECT source_file
        FROM ranked_songs
        WHERE outcome = 'duplicate'
    ) AS repeated
    GROUP BY source_file
) AS duplicates
    ON files.source_file = duplicates.source_file
LEFT JOIN (
    SELECT
        source_file,
        COUNT(*) AS records
    FROM new_rejects
    GROUP BY source_file
) AS rejects
    ON files.source_file = rejects.source_file
