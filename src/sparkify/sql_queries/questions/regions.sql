-- name: regions
-- order: 35
-- group: places
-- period: window
-- level: yes
-- question: In which regions do listeners live?
-- answer: Most plays come from {region}{ties}: {plays:count play} by {listeners:count listener},
--   {share:percent} of all plays[. Next: {next.region}, {next.share:percent}].
-- lead: plays
-- tie: {region}
-- empty: No play has a location, so there is no answer.
-- columns: region, listeners:count, plays:count, share:percent, plays_per_listener:number
-- chart: bar x=plays y=region
-- note: The four regions of the United States census, by the first state that the location names.
--   Who plays in two regions counts in both.
WITH listener_locations AS (
    SELECT
        location,
        user_id,
        COUNT(*) AS plays
    FROM songplays
    WHERE location IS NOT NULL
    GROUP BY location, user_id
),

states AS (
    SELECT
        user_id,
        plays,
        CASE
            WHEN POSITION(', ' IN location) > 0
                THEN SUBSTRING(location, POSITION(', ' IN location) + 2, 2)
            ELSE ''
        END AS code
    FROM listener_locations
),

classed AS (
    SELECT
        user_id,
        plays,
        CASE
            WHEN code IN ('CT', 'MA', 'ME', 'NH', 'NJ', 'NY', 'PA', 'RI', 'VT') THEN 'the Northeast'
            WHEN
                code IN ('IA', 'IL', 'IN', 'KS', 'MI', 'MN', 'MO', 'ND', 'NE', 'OH', 'SD', 'WI')
                THEN 'the Midwest'
            WHEN code IN ('AL', 'AR', 'DC', 'DE', 'FL', 'GA', 'KY', 'LA', 'MD') THEN 'the South'
            WHEN code IN ('MS', 'NC', 'OK', 'SC', 'TN', 'TX', 'VA', 'WV') THEN 'the South'
            WHEN
                code IN (
                    'AK', 'AZ', 'CA', 'CO', 'HI', 'ID', 'MT', 'NM', 'NV', 'OR', 'UT', 'WA', 'WY'
                )
                THEN 'the West'
            ELSE 'other places'
        END AS region
    FROM states
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    classed.region,
    COUNT(DISTINCT classed.user_id) AS listeners,
    CAST(SUM(classed.plays) AS BIGINT) AS plays,
    CAST(SUM(classed.plays) AS DOUBLE PRECISION) / total.plays AS share,
    CAST(SUM(classed.plays) AS DOUBLE PRECISION)
    / COUNT(DISTINCT classed.user_id) AS plays_per_listener
FROM classed
CROSS JOIN total
GROUP BY classed.region, total.plays
ORDER BY SUM(classed.plays) DESC, classed.region
