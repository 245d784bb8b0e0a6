-- name: conflicts_events
-- purpose: Every new record of a contested key, and every displaced one: who lost, and to whom.
SELECT *
FROM ranked_events AS ranked
WHERE
    outcome IN ('conflict', 'displaced')
    OR (
        outcome = 'kept'
        AND EXISTS (
            SELECT 1
            FROM ranked_events AS loser
            WHERE
                loser.outcome = 'displaced'
                AND loser.sessionid = ranked.sessionid
                AND loser.iteminsession = ranked.iteminsession
        )
    )
ORDER BY ALL
