-- name: insert_info
-- purpose: Note the version of the schema, how texts are staged, and what is staged and published.
INSERT INTO warehouse_info (
    schema_version, mend_text, staged_events, staged_songs, staged_plays, published_plays
)
SELECT
    2 AS schema_version,
    migration.mend_text,
    events.records AS staged_events,
    songs.records AS staged_songs,
    events.plays AS staged_plays,
    plays.records AS published_plays
FROM migration
CROSS JOIN (
    SELECT
        COUNT(*) AS records,
        COUNT(CASE WHEN page = 'NextSong' THEN 1 END) AS plays
    FROM staging_events
) AS events
CROSS JOIN (SELECT COUNT(*) AS records FROM staging_songs) AS songs
CROSS JOIN (SELECT COUNT(*) AS records FROM songplays) AS plays
