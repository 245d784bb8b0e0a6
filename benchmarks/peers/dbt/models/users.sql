SELECT
    CAST(userId AS BIGINT) AS user_id,
    firstName AS first_name,
    lastName AS last_name,
    gender,
    level
FROM {{ ref("staging_events") }}
WHERE page = 'NextSong'
QUALIFY row_number() OVER (
    PARTITION BY userId, level ORDER BY ts DESC, sessionId DESC, itemInSession DESC
) = 1
