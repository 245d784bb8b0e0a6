-- name: create_copied_songs
-- purpose: What COPY takes from the song files themselves.
-- grain: one record of a song file
CREATE TEMPORARY TABLE copied_songs (
    num_songs INTEGER,
    artist_id VARCHAR(64),
    artist_latitude DOUBLE PRECISION,
    artist_longitude DOUBLE PRECISION,
    artist_location VARCHAR(1024),
    artist_name VARCHAR(1024),
    song_id VARCHAR(64),
    title VARCHAR(1024),
    duration DOUBLE PRECISION,
    year INTEGER
)
