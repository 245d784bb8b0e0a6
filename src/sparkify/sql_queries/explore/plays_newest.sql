-- name: plays_newest
-- group: other
-- period: window
-- level: yes
-- question: What was played last?
-- answer: "{song}"[ by {artist}], at {start_time:moment} (UTC) by user {user_id}.
-- columns: start_time:moment, user_id, level, song, artist, session_id, location, device
-- rows: 50
-- chart: none
-- note: The newest 50 plays.
SELECT
    start_time,
    user_id,
    level,
    song,
    artist,
    session_id,
    location,
    device
FROM plays
ORDER BY start_time DESC, songplay_id DESC
LIMIT 50
