-- name: plays_by_listener
-- group: other
-- period: window
-- level: yes
-- question: Which listeners?
-- answer: User {user_id}[ ({first_name} {last_name})] most{ties}: {plays:count play}.
-- lead: plays
-- tie: user {user_id}
-- columns: user_id, first_name, last_name, plays:count, days:count, last_play:moment
-- rows: 20
-- chart: bar x=plays y=user_id
-- note: The 20 who play most, and on how many days.
SELECT
    user_id,
    MAX(first_name) AS first_name,
    MAX(last_name) AS last_name,
    COUNT(*) AS plays,
    COUNT(DISTINCT CAST(start_time AS DATE)) AS days,
    MAX(start_time) AS last_play
FROM plays
GROUP BY user_id
ORDER BY plays DESC, user_id ASC
LIMIT 20
