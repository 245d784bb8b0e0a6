-- name: songplays
-- purpose: The fact: every song that was played, whether the catalogue knows it or not.
-- grain: one event with page = 'NextSong': songplay_id
CREATE TABLE IF NOT EXISTS songplays (
    songplay_id VARCHAR(64) NOT NULL,
    start_time TIMESTAMP NOT NULL,
    user_id BIGINT NOT NULL,
    level VARCHAR(64) NOT NULL,
    song_id VARCHAR(64),
    artist_id VARCHAR(64),
    session_id BIGINT NOT NULL,
    location VARCHAR(1024),
    user_agent VARCHAR(2048)
)
