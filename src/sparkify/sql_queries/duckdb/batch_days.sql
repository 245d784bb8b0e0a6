-- name: batch_days
-- purpose: The days of the events of this load.
SELECT DISTINCT CAST(ts AS DATE) AS day
FROM new_events
ORDER BY day
