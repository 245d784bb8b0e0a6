-- name: create_copied_songs
-- purpose: What COPY takes from the song files themselves, whole numbers as they may be written
--   (7.0), to be judged afterwards.
-- grain: one record of a song file
CREATE TEMPORARY TABLE copied_songs (
    num_songs DOUBLE PRECISION,
    artist_id VARCHAR(64),
    artist_latitude DOUBLE PRECISION,
    artist_longitude DOUBLE PRECISION,
    artist_location VARCHAR(1024),
    artist_name VARCHAR(1024),
    song_id VARCHAR(64),
    title VARCHAR(1024),
    duration DOUBLE PRECISION,
    year DOUBLE PRECISION
)
