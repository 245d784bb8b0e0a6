-- name: totals_hold
-- purpose: The running totals of warehouse_info are what the tables hold.
-- severity: fail
SELECT
    info.staged_events,
    events.events,
    info.staged_songs,
    songs.songs,
    info.staged_plays,
    events.plays AS play_events,
    info.published_plays,
    plays.plays
FROM warehouse_info AS info
CROSS JOIN (
    SELECT
        COUNT(*) AS events,
        COUNT(CASE WHEN page = 'NextSong' THEN 1 END) AS plays
    FROM staging_events
) AS events
CROSS JOIN (SELECT COUNT(*) AS songs FROM staging_songs) AS songs
CROSS JOIN (SELECT COUNT(*) AS plays FROM songplays) AS plays
WHERE
    info.staged_events <> events.events
    OR info.staged_songs <> songs.songs
    OR info.staged_plays <> events.plays
    OR info.published_plays <> plays.plays
