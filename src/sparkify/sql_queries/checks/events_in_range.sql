-- name: events_in_range
-- purpose: Lengths, times and levels of staged events are within their ranges, and event_ms is of
--   the second of ts.
-- severity: fail
SELECT
    event_ms,
    sessionid,
    iteminsession,
    ts,
    registration,
    length,
    level
FROM staging_events
WHERE
    length < 0
    OR length > 86400
    OR ts < TIMESTAMP '2000-01-01 00:00:00'
    OR ts >= TIMESTAMP '2101-01-01 00:00:00'
    OR registration < TIMESTAMP '2000-01-01 00:00:00'
    OR registration >= TIMESTAMP '2101-01-01 00:00:00'
    OR level NOT IN ('free', 'paid')
    OR CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', ts)) AS BIGINT) * 1000
    <> event_ms - MOD(event_ms, 1000)
