-- name: insert_time
-- purpose: Take apart each moment at which plays of this load began and none did before.
-- days: moments of other days than the batch's need not be read.
-- when: events
INSERT INTO time (start_time, hour, day, week, month, year, weekday)
SELECT
    start_time,
    CAST(EXTRACT(HOUR FROM start_time) AS INTEGER) AS hour,
    CAST(EXTRACT(DAY FROM start_time) AS INTEGER) AS day,
    CAST(EXTRACT(WEEK FROM start_time) AS INTEGER) AS week,
    CAST(EXTRACT(MONTH FROM start_time) AS INTEGER) AS month,
    CAST(EXTRACT(YEAR FROM start_time) AS INTEGER) AS year,
    CAST(EXTRACT(DOW FROM start_time) AS INTEGER) AS weekday
FROM (
    SELECT DISTINCT events.ts AS start_time
    FROM new_events AS events
    WHERE
        events.page = 'NextSong'
        AND NOT EXISTS (
            SELECT 1
            FROM time AS known
            WHERE
                known.start_time = events.ts
                AND known.start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00'
                AND TIMESTAMP '2100-12-31 23:59:59.999'
        )
) AS moments
