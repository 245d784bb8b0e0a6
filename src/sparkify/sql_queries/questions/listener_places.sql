-- name: listener_places
-- order: 11
-- group: places
-- period: window
-- level: yes
-- question: Where are the listeners?
-- answer: Most listening happens in {location}{ties}: {plays:count play} by
--   {listeners:count listener}, {share:percent} of all plays[. Next: {next.location},
--   {next.plays:count play}].
-- lead: plays
-- tie: {location}
-- empty: No play has a location, so there is no answer.
-- columns: location, plays:count, listeners:count, share:percent
-- chart: bar x=plays y=location
-- note: Places are the metropolitan areas that the logs name.
WITH listener_locations AS (
    SELECT
        location,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    WHERE location IS NOT NULL
    GROUP BY location, user_id
),

places AS (
    SELECT
        location,
        CAST(SUM(plays) AS BIGINT) AS plays,
        COUNT(*) AS listeners
    FROM listener_locations
    GROUP BY location
),

first_place AS (
    SELECT
        plays,
        COUNT(*) AS tied
    FROM places
    GROUP BY plays
    ORDER BY plays DESC
    LIMIT 1
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    places.location,
    places.plays,
    places.listeners,
    CAST(places.plays AS DOUBLE PRECISION) / total.plays AS share,
    first_place.tied
FROM places
CROSS JOIN first_place
CROSS JOIN total
ORDER BY places.plays DESC, places.location ASC
LIMIT 10
