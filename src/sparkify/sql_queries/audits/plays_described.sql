-- name: plays_described
-- purpose: Every listener and level that this load touched stands once in users, if it plays, and
--   every moment at which a play of this load began once in time.
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
            userid,
            level
        FROM ranked_events
        WHERE
            outcome = 'displaced'
            AND page = 'NextSong'
    ) AS records
) AS touched
LEFT JOIN users
    ON
        touched.userid = users.user_id
        AND touched.level = users.level
WHERE
    EXISTS (
        SELECT 1
        FROM songplays AS plays
        WHERE plays.user_id = touched.userid AND plays.level = touched.level
    )
GROUP BY touched.userid, touched.level
HAVING COUNT(users.user_id) <> 1
UNION ALL
SELECT
    CAST(NULL AS BIGINT) AS userid,
    CAST(NULL AS VARCHAR(64)) AS level,
    moments.ts AS start_time,
    COUNT(known.start_time) AS copies
FROM (SELECT DISTINCT ts FROM new_events WHERE page = 'NextSong') AS moments
LEFT JOIN time AS known
    ON moments.ts = known.start_time
GROUP BY moments.ts
HAVING COUNT(known.start_time) <> 1
