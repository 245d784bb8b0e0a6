-- name: songs
-- purpose: The songs of the catalogue.
-- grain: one song: song_id
CREATE TABLE IF NOT EXISTS songs (
    song_id VARCHAR(64) NOT NULL,
    title VARCHAR(1024) NOT NULL,
    artist_id VARCHAR(64) NOT NULL,
    year INTEGER,
    duration DOUBLE PRECISION NOT NULL
)
