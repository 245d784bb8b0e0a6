-- name: create_new_songs
-- purpose: The songs of this load as they are read: staged columns, source file, doubt, and
--   whether text in it was encoded twice.
-- grain: one record of a song file
-- doubt: as in create_new_events
CREATE TABLE new_songs (
    num_songs INTEGER,
    artist_id VARCHAR,
    artist_latitude DOUBLE,
    artist_longitude DOUBLE,
    artist_location VARCHAR,
    artist_name VARCHAR,
    song_id VARCHAR,
    title VARCHAR,
    duration DOUBLE,
    year INTEGER,
    source_file INTEGER,
    doubt TINYINT,
    is_mended BOOLEAN
)
