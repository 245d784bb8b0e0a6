-- name: songs_between_homes
-- order: 39
-- group: listeners
-- period: window
-- level: no
-- question: How many songs are played between two visits of Home?
-- answer: Between two visits of Home a listener plays {mean_songs:number song} on average:
--   {all_plays:count play} in {all_stretches:count stretch stretches} of
--   {all_listeners:count listener}.
-- empty: No listener visited Home twice, so there is no answer.
-- columns: songs, listeners:count, share:percent, stretches:count, plays:count
-- chart: bar x=songs y=listeners
-- note: A stretch lies between a listener's visit of Home and the next one, in whatever session;
--   the table has listeners by the average of their stretches. An average of exactly 5 songs is in
--   5 to 10.
WITH homes AS (
    SELECT
        userid,
        COUNT(*) - 1 AS stretches,
        MIN(event_ms) AS first_ms,
        MAX(event_ms) AS last_ms
    FROM staging_events
    WHERE page = 'Home' AND userid IS NOT NULL
    GROUP BY userid
    HAVING COUNT(*) > 1
),

counted AS (
    SELECT
        homes.userid,
        homes.stretches,
        COUNT(events.userid) AS plays
    FROM homes
    LEFT JOIN staging_events AS events
        ON
            homes.userid = events.userid
            AND homes.first_ms < events.event_ms
            AND homes.last_ms > events.event_ms
            AND events.page = 'NextSong'
    GROUP BY homes.userid, homes.stretches
),

classed AS (
    SELECT
        stretches,
        plays,
        CASE
            WHEN plays = 0 THEN 1
            WHEN plays < stretches THEN 2
            WHEN plays < 5 * stretches THEN 3
            WHEN plays < 10 * stretches THEN 4
            WHEN plays < 20 * stretches THEN 5
            ELSE 6
        END AS place
    FROM counted
),

total AS (
    SELECT
        COUNT(*) AS everybody,
        CAST(SUM(stretches) AS BIGINT) AS stretches,
        CAST(SUM(plays) AS BIGINT) AS plays
    FROM classed
)

SELECT
    CASE classed.place
        WHEN 1 THEN 'none'
        WHEN 2 THEN 'less than 1'
        WHEN 3 THEN '1 to 5'
        WHEN 4 THEN '5 to 10'
        WHEN 5 THEN '10 to 20'
        ELSE '20 or more'
    END AS songs,
    COUNT(*) AS listeners,
    CAST(COUNT(*) AS DOUBLE PRECISION) / total.everybody AS share,
    CAST(SUM(classed.stretches) AS BIGINT) AS stretches,
    CAST(SUM(classed.plays) AS BIGINT) AS plays,
    CAST(total.plays AS DOUBLE PRECISION) / total.stretches AS mean_songs,
    total.plays AS all_plays,
    total.stretches AS all_stretches,
    total.everybody AS all_listeners
FROM classed
CROSS JOIN total
GROUP BY classed.place, total.everybody, total.stretches, total.plays
ORDER BY classed.place
