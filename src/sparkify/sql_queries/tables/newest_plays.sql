-- name: newest_plays
-- purpose: Which play describes a listener at a level: the newest one, so that no load looks
--   through their plays for it.
-- grain: one listener at one level: (user_id, level)
CREATE TABLE IF NOT EXISTS newest_plays (
    user_id BIGINT NOT NULL,
    level VARCHAR(64) NOT NULL,
    event_ms BIGINT NOT NULL,
    sessionid BIGINT NOT NULL,
    iteminsession INTEGER NOT NULL
)
