-- name: conflicts_told
-- purpose: Every record that lost its key is among the rejects; the statement fails when one is not.
SELECT
    CAST(
        CASE WHEN COUNT(*) = :conflicts THEN '0' ELSE 'conflicts are not told' END AS INTEGER
    ) AS untold
FROM (
    SELECT outcome
    FROM ranked_events
    WHERE outcome IN ('conflict', 'displaced')
    UNION ALL
    SELECT outcome
    FROM ranked_songs
    WHERE outcome IN ('conflict', 'displaced')
) AS losers
