SELECT song_id, title, artist_id, nullif(year, 0) AS year, duration
FROM {{ ref("staging_songs") }}
