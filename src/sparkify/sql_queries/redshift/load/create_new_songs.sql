-- name: create_new_songs
-- purpose: The songs of this load, each with the number of its file.
-- grain: one record of a song file
CREATE TEMPORARY TABLE new_songs (
    num_songs INTEGER,
    artist_id VARCHAR(64) NOT NULL,
    artist_latitude DOUBLE PRECISION,
    artist_longitude DOUBLE PRECISION,
    artist_location VARCHAR(1024),
    artist_name VARCHAR(1024),
    song_id VARCHAR(64) NOT NULL,
    title VARCHAR(1024) NOT NULL,
    duration DOUBLE PRECISION NOT NULL,
    year INTEGER,
    source_file INTEGER
)
