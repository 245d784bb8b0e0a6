-- name: insert_warehouse_info
-- purpose: Note the version of the schema, once.
INSERT INTO warehouse_info (
    schema_version, staged_events, staged_songs, staged_plays, published_plays
)
SELECT
    2 AS schema_version,
    0 AS staged_events,
    0 AS staged_songs,
    0 AS staged_plays,
    0 AS published_plays
WHERE NOT EXISTS (SELECT 1 FROM warehouse_info)
