-- name: users
-- purpose: The listeners, with one row for each level that they played at.
-- grain: one listener at one level: (user_id, level)
CREATE TABLE IF NOT EXISTS users (
    user_id BIGINT NOT NULL,
    first_name VARCHAR(1024),
    last_name VARCHAR(1024),
    gender VARCHAR(64),
    level VARCHAR(64) NOT NULL
)
