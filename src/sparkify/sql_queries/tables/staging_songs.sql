-- name: staging_songs
-- purpose: Every accepted song record, once; the ten fields of a song file in its order.
-- grain: one song: song_id
CREATE TABLE IF NOT EXISTS staging_songs (
    num_songs INTEGER,
    artist_id VARCHAR(64) NOT NULL,
    artist_latitude DOUBLE PRECISION,
    artist_longitude DOUBLE PRECISION,
    artist_location VARCHAR(1024),
    artist_name VARCHAR(1024),
    song_id VARCHAR(64) NOT NULL,
    title VARCHAR(1024) NOT NULL,
    duration DOUBLE PRECISION NOT NULL,
    year INTEGER
)
