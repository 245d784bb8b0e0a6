-- name: replays
-- order: 21
-- group: music
-- period: as_of
-- level: no
-- question: How much is replay, how much discovery?
-- answer: {replays:count} of {all_plays:count play} ({replay_share:percent})
--   {replays:plural repeats repeat} a song that the listener had played before; the others are
--   discoveries.
-- needs: all_plays
-- columns: kind, plays:count, share:percent
-- chart: bar x=plays y=kind
-- note: A song is a title by an artist as the logs name them; what has no name counts as one song.
--   What was played before the first log is not known, so the first play of a song counts as its
--   discovery.
WITH discoveries AS (
    SELECT DISTINCT
        userid,
        song,
        artist
    FROM staging_events
    WHERE page = 'NextSong'
),

discovered AS (
    SELECT COUNT(*) AS plays FROM discoveries
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
),

parts AS (
    SELECT
        1 AS place,
        'discovery' AS kind,
        plays
    FROM discovered
    UNION ALL
    SELECT
        2 AS place,
        'replay' AS kind,
        total.plays - discovered.plays AS plays
    FROM total
    CROSS JOIN discovered
)

SELECT
    parts.kind,
    parts.plays,
    CAST(parts.plays AS DOUBLE PRECISION) / NULLIF(total.plays, 0) AS share,
    total.plays AS all_plays,
    total.plays - discovered.plays AS replays,
    CAST(total.plays - discovered.plays AS DOUBLE PRECISION)
    / NULLIF(total.plays, 0) AS replay_share
FROM parts
CROSS JOIN total
CROSS JOIN discovered
ORDER BY parts.place
