-- name: time_parts
-- purpose: The parts of each moment in time agree with its start_time.
-- severity: fail
SELECT
    start_time,
    hour,
    day,
    week,
    month,
    year,
    weekday
FROM time
WHERE
    hour <> CAST(EXTRACT(HOUR FROM start_time) AS INTEGER)
    OR day <> CAST(EXTRACT(DAY FROM start_time) AS INTEGER)
    OR week <> CAST(EXTRACT(WEEK FROM start_time) AS INTEGER)
    OR month <> CAST(EXTRACT(MONTH FROM start_time) AS INTEGER)
    OR year <> CAST(EXTRACT(YEAR FROM start_time) AS INTEGER)
    OR weekday <> CAST(EXTRACT(DOW FROM start_time) AS INTEGER)
