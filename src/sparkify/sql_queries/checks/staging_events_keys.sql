-- name: staging_events_keys
-- purpose: The key of staging_events is never null and never stands twice.
-- note: first stretches of 50 items of a session are searched, as in ranked_events.
-- severity: fail
WITH crowded AS (
    SELECT
        sessionid,
        iteminsession - MOD(iteminsession, 50) AS stretch
    FROM staging_events
    GROUP BY sessionid, iteminsession - MOD(iteminsession, 50)
    HAVING
        SUM(CAST(POWER(2, MOD(iteminsession, 50)) AS BIGINT))
        <> BIT_OR(CAST(POWER(2, MOD(iteminsession, 50)) AS BIGINT))
        OR MIN(iteminsession) < 0
)

SELECT
    events.sessionid,
    events.iteminsession,
    COUNT(*) AS copies
FROM staging_events AS events
INNER JOIN crowded
    ON
        events.sessionid = crowded.sessionid
        AND events.iteminsession - MOD(events.iteminsession, 50) = crowded.stretch
GROUP BY events.sessionid, events.iteminsession
HAVING COUNT(*) > 1
UNION ALL
SELECT
    sessionid,
    iteminsession,
    COUNT(*) AS copies
FROM staging_events
WHERE
    sessionid IS NULL
    OR iteminsession IS NULL
GROUP BY sessionid, iteminsession
