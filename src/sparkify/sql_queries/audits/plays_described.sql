-- name: plays_described
-- purpose: Every listener and level that this load touched stands once in users, if it plays, and
--   every moment at which a play of this load began once in time.
-- note: a moment that is missing leaves a play without one, a moment that stands twice gives a
--   play two; to count both needs no list of the moments.
-- days: moments of other days than the batch's need not be read.
-- when: events
SELECT
    touched.userid,
    touched.level,
    CAST(NULL AS TIMESTAMP) AS start_time,
    COUNT(users.user_id) AS copies
FROM (
    SELECT DISTINCT
        userid,
        level
    FROM (
        SELECT
            userid,
            level
        FROM new_events
        WHERE page = 'NextSong'
        UNION ALL
        SELECT
            displaced.userid,
            displaced.level
        FROM ranked_events AS displaced
        WHERE
            displaced.outcome = 'displaced'
            AND displaced.page = 'NextSong'
            AND EXISTS (
                SELECT 1
                FROM newest_plays AS newest
                WHERE newest.user_id = displaced.userid AND newest.level = displaced.level
            )
    ) AS records
) AS touched
LEFT JOIN users
    ON
        touched.userid = users.user_id
        AND touched.level = users.level
GROUP BY touched.userid, touched.level
HAVING COUNT(users.user_id) <> 1
UNION ALL
SELECT
    CAST(NULL AS BIGINT) AS userid,
    CAST(NULL AS VARCHAR(64)) AS level,
    moments.missing AS start_time,
    moments.copies
FROM (
    SELECT
        MIN(CASE WHEN known.start_time IS NULL THEN plays.ts END) AS missing,
        COUNT(known.start_time) AS copies
    FROM new_events AS plays
    LEFT JOIN (
        SELECT start_time
        FROM time
        WHERE
            start_time BETWEEN TIMESTAMP '2000-01-01 00:00:00'
            AND TIMESTAMP '2100-12-31 23:59:59.999'
    ) AS known
        ON plays.ts = known.start_time
    WHERE plays.page = 'NextSong'
) AS moments
CROSS JOIN (SELECT COUNT(*) AS plays FROM new_events WHERE page = 'NextSong') AS counted
WHERE
    moments.copies <> counted.plays
    OR moments.missing IS NOT NULL
