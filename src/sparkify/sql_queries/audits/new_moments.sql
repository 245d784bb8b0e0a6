-- name: new_moments
-- purpose: Every moment at which a play of this load began stands once in time.
SELECT
    moments.ts,
    COUNT(known.start_time) AS copies
FROM (SELECT DISTINCT ts FROM new_events WHERE page = 'NextSong') AS moments
LEFT JOIN time AS known
    ON moments.ts = known.start_time
GROUP BY moments.ts
HAVING COUNT(known.start_time) <> 1
