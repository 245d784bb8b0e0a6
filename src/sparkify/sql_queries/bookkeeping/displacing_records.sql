-- name: displacing_records
-- purpose: Which file of this load holds the record that displaced a staged one.
-- grain: one displaced record
CREATE TEMPORARY TABLE displacing_records AS
SELECT kept.source_file
FROM ranked_events AS displaced
INNER JOIN ranked_events AS kept
    ON
        displaced.sessionid = kept.sessionid
        AND displaced.iteminsession = kept.iteminsession
WHERE
    displaced.outcome = 'displaced'
    AND kept.outcome = 'kept'
UNION ALL
SELECT kept.source_file
FROM ranked_songs AS displaced
INNER JOIN ranked_songs AS kept
    ON displaced.song_id = kept.song_id
WHERE
    displaced.outcome = 'displaced'
    AND kept.outcome = 'kept'
