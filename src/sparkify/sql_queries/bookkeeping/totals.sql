-- name: totals
-- purpose: The version of the schema, the settings that staging depends on, and what is staged.
SELECT
    schema_version,
    mend_text,
    jsonpaths_hash,
    staged_events,
    staged_songs,
    staged_plays,
    published_plays
FROM warehouse_info
