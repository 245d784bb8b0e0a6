WITH matches AS (
    SELECT
        title,
        artist_name,
        duration,
        min(song_id) AS song_id,
        arg_min(artist_id, song_id) AS artist_id
    FROM {{ ref("staging_songs") }}
    GROUP BY ALL
)

SELECT
    events.sessionId * 1000000 + events.itemInSession AS songplay_id,
    epoch_ms(events.ts) AS start_time,
    CAST(events.userId AS BIGINT) AS user_id,
    events.level,
    matches.song_id,
    matches.artist_id,
    events.sessionId AS session_id,
    events.location,
    trim(events.userAgent, '"') AS user_agent
FROM {{ ref("staging_events") }} AS events
LEFT JOIN matches
    ON
        events.song = matches.title
        AND events.artist = matches.artist_name
        AND events.length = matches.duration
WHERE events.page = 'NextSong'
