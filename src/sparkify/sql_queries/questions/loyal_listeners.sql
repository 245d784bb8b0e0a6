-- name: loyal_listeners
-- order: 15
-- group: listeners
-- period: window
-- level: yes
-- question: Who are the ten most loyal listeners?
-- answer: The most loyal listener is user {user_id}[ ({first_name} {last_name})]{ties}, with
--   {plays:count play} in {sessions:count session} on {active_days:count day}[. Next: user
--   {next.user_id}, {next.plays:count play}].
-- lead: plays
-- tie: user {user_id}[ ({first_name} {last_name})]
-- columns: user_id, first_name, last_name, level, plays:count, sessions:count, active_days:count
-- chart: bar x=plays y=user_id
-- note: Loyal is who played most. The level is that of the newest play; days are UTC.
WITH level_plays AS (
    SELECT
        user_id,
        level,
        MAX(start_time) AS last_play,
        COUNT(*) AS plays
    FROM songplays
    GROUP BY user_id, level
),

user_levels AS (
    SELECT
        user_id,
        level,
        CAST(SUM(plays) OVER (PARTITION BY user_id) AS BIGINT) AS plays,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY last_play DESC, level DESC) AS newest_level
    FROM level_plays
),

first_place AS (
    SELECT
        plays,
        COUNT(*) AS tied
    FROM user_levels
    WHERE newest_level = 1
    GROUP BY plays
    ORDER BY plays DESC
    LIMIT 1
),

top_ten AS (
    SELECT
        user_id,
        level,
        plays
    FROM user_levels
    WHERE newest_level = 1
    ORDER BY plays DESC, user_id ASC
    LIMIT 10
),

visits AS (
    SELECT
        top_ten.user_id,
        COUNT(*) AS sessions
    FROM top_ten
    INNER JOIN sessions ON top_ten.user_id = sessions.user_id
    WHERE sessions.plays > 0
    GROUP BY top_ten.user_id
),

days AS (
    SELECT
        songplays.user_id,
        COUNT(DISTINCT CAST(songplays.start_time AS DATE)) AS active_days
    FROM songplays
    INNER JOIN top_ten ON songplays.user_id = top_ten.user_id
    GROUP BY songplays.user_id
)

SELECT
    top_ten.user_id,
    users.first_name,
    users.last_name,
    top_ten.level,
    top_ten.plays,
    visits.sessions,
    days.active_days,
    first_place.tied
FROM top_ten
INNER JOIN visits ON top_ten.user_id = visits.user_id
INNER JOIN days ON top_ten.user_id = days.user_id
INNER JOIN users ON top_ten.user_id = users.user_id AND top_ten.level = users.level
CROSS JOIN first_place
ORDER BY top_ten.plays DESC, top_ten.user_id ASC
