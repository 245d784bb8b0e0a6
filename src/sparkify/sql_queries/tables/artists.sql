-- name: artists
-- purpose: The artists of the catalogue, each as the newest of their songs describes them.
-- grain: one artist: artist_id
CREATE TABLE IF NOT EXISTS artists (
    artist_id VARCHAR(64) NOT NULL,
    name VARCHAR(1024),
    location VARCHAR(1024),
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION
)
