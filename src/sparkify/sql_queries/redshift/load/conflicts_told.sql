-- name: conflicts_told
-- purpose: Every record that lost its key is among the rejects, and the batch takes out those that
--   were staged.
SELECT
    losers.records,
    losers.displaced
FROM (
    SELECT
        COUNT(*) AS records,
        COUNT(CASE WHEN outcome = 'displaced' THEN 1 END) AS displaced
    FROM (
        SELECT outcome
        FROM ranked_events
        WHERE outcome IN ('conflict', 'displaced')
        UNION ALL
        SELECT outcome
        FROM ranked_songs
        WHERE outcome IN ('conflict', 'displaced')
    ) AS ranked
) AS losers
WHERE
    losers.records <> :conflicts
    OR losers.displaced <> :displaced
