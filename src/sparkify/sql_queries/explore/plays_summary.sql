-- name: plays_summary
-- group: other
-- period: window
-- level: yes
-- question: How much is played, when, and by how many?
-- answer: {plays:count play} by {listeners:count listener} in {sessions:count session},
--   from {first_play:moment} to {newest_play:moment} (UTC): {songs:count song} by
--   {artists:count artist}[, {hours:number hour} of music].
-- needs: plays
-- columns: plays:count, listeners:count, sessions:count, songs:count, artists:count, hours:number,
--   first_play:moment, newest_play:moment
-- chart: none
-- note: Songs and artists are as the logs name them. A session number is counted once a listener.
SELECT
    COUNT(*) AS plays,
    COUNT(DISTINCT user_id) AS listeners,
    COUNT(
        DISTINCT CAST(user_id AS VARCHAR(20)) || ' ' || CAST(session_id AS VARCHAR(20))
    ) AS sessions,
    COUNT(DISTINCT song || ' ' || artist) AS songs,
    COUNT(DISTINCT artist) AS artists,
    CAST(SUM(CAST(length AS DECIMAL(18, 5))) AS DOUBLE PRECISION) / 3600 AS hours,
    MIN(start_time) AS first_play,
    MAX(start_time) AS newest_play
FROM plays
