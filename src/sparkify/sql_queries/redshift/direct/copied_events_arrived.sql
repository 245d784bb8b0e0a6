-- name: copied_events_arrived
-- purpose: Every record that COPY took is to be staged or is a duplicate, and none displaces a
--   staged one, for its place in its file is not known; the statement fails when that is not so.
SELECT
    CAST(
        CASE
            WHEN ranked.losers > 0 THEN 'conflicts'
            WHEN copied.records = kept.records + ranked.duplicates THEN '0'
            ELSE 'lost events'
        END AS INTEGER
    ) AS failures
FROM (SELECT COUNT(*) AS records FROM copied_events) AS copied
CROSS JOIN (SELECT COUNT(*) AS records FROM new_events) AS kept
CROSS JOIN (
    SELECT
        COUNT(CASE WHEN outcome = 'duplicate' THEN 1 END) AS duplicates,
        COUNT(CASE WHEN outcome IN ('conflict', 'displaced') THEN 1 END) AS losers
    FROM ranked_events
) AS ranked
