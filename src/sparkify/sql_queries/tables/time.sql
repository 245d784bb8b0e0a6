-- name: time
-- purpose: Each moment at which a play began, taken apart; UTC, ISO weeks, weekday 0 = Sunday.
-- grain: one distinct start_time of songplays
CREATE TABLE IF NOT EXISTS time (
    start_time TIMESTAMP NOT NULL,
    hour INTEGER NOT NULL,
    day INTEGER NOT NULL,
    week INTEGER NOT NULL,
    month INTEGER NOT NULL,
    year INTEGER NOT NULL,
    weekday INTEGER NOT NULL
)
