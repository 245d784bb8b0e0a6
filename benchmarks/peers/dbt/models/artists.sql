SELECT
    artist_id,
    artist_name AS name,
    nullif(artist_location, '') AS location,
    artist_latitude AS latitude,
    artist_longitude AS longitude
FROM {{ ref("staging_songs") }}
QUALIFY row_number() OVER (PARTITION BY artist_id ORDER BY year DESC, song_id DESC) = 1
