-- name: moments_kept
-- purpose: The milliseconds of every event are those of its moment.
SELECT event_ms
FROM staging_events
WHERE ts <> TIMESTAMP 'epoch' + event_ms * INTERVAL '0.001 second'
