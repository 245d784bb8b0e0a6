-- name: warehouse_info
-- purpose: The version of the schema, the settings that staging depends on, and running totals, so
--   that no load counts what earlier ones brought.
-- grain: one row
CREATE TABLE IF NOT EXISTS warehouse_info (
    schema_version INTEGER NOT NULL,
    mend_text INTEGER,
    jsonpaths_hash VARCHAR(64),
    staged_events BIGINT NOT NULL,
    staged_songs BIGINT NOT NULL,
    staged_plays BIGINT NOT NULL,
    published_plays BIGINT NOT NULL
)
