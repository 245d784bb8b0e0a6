-- name: insert_users
-- purpose: Describe each touched listener as the latest of their plays at that level does.
-- note: two aggregates over key columns find that play; a sort of all plays would cost far more.
-- when: events
INSERT INTO users (user_id, first_name, last_name, gender, level)
SELECT
    latest.user_id,
    events.firstname AS first_name,
    events.lastname AS last_name,
    events.gender,
    latest.level
FROM (
    SELECT
        plays.user_id,
        plays.level,
        MAX(plays.songplay_id) AS songplay_id
    FROM songplays AS plays
    INNER JOIN (
        SELECT
            history.user_id,
            history.level,
            MAX(history.start_time) AS start_time
        FROM songplays AS history
        INNER JOIN (
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
            ON
                history.user_id = touched.userid
                AND history.level = touched.level
        GROUP BY history.user_id, history.level
    ) AS last_moment
        ON
            plays.user_id = last_moment.user_id
            AND plays.level = last_moment.level
            AND plays.start_time = last_moment.start_time
    GROUP BY plays.user_id, plays.level
) AS latest
INNER JOIN staging_events AS events
    ON latest.songplay_id = events.sessionid * 1000000 + events.iteminsession
