-- name: plays_described
-- purpose: Every listener and level that this load touched stands once in users, if it plays, and
--   every moment at which a play of this load began once in time.
-- note: a moment that is missing leaves a play without one, a moment that stands twice gives a
--   play two; to count both needs no list of the moments.
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
                FROM songplays AS plays
                WHERE plays.user_id = displaced.userid AND plays.level = displaced.level
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
    MIN(CASE WHEN known.start_time IS NULL THEN plays.ts END) AS start_time,
    COUNT(known.start_time) AS copies
FROM new_events AS plays
LEFT JOIN time AS known
    ON plays.ts = known.start_time
WHERE plays.page = 'NextSong'
HAVING
    COUNT(known.start_time) <> COUNT(*)
    OR COUNT(*) <> (SELECT COUNT(*) FROM new_events WHERE page = 'NextSong')
