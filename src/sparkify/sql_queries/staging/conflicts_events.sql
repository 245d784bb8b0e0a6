-- name: conflicts_events
-- purpose: Every new record of a contested key that yields, and every displaced one with the new
--   one that displaced it: who lost, and to whom.
-- grain: one record of a contested key
SELECT
    ranked.artist,
    ranked.auth,
    ranked.firstname,
    ranked.gender,
    ranked.iteminsession,
    ranked.lastname,
    ranked.length,
    ranked.level,
    ranked.location,
    ranked.method,
    ranked.page,
    ranked.registration,
    ranked.sessionid,
    ranked.song,
    ranked.status,
    ranked.ts,
    ranked.useragent,
    ranked.userid,
    ranked.source_file,
    ranked.outcome
FROM ranked_events AS ranked
WHERE
    ranked.outcome IN ('conflict', 'displaced')
    OR (
        ranked.outcome = 'kept'
        AND EXISTS (
            SELECT 1
            FROM ranked_events AS loser
            WHERE
                loser.outcome = 'displaced'
                AND loser.event_ms = ranked.event_ms
                AND COALESCE(loser.userid, -1) = COALESCE(ranked.userid, -1)
                AND loser.sessionid = ranked.sessionid
                AND loser.iteminsession = ranked.iteminsession
        )
    )
