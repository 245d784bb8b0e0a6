-- name: skips
-- order: 24
-- group: music
-- period: window
-- level: no
-- question: How often is a song cut short?
-- answer: {all_skips:count} of {all_judged:count play} that can be judged ({all_share:percent})
--   {all_skips:plural was were} cut short in the first half of the song.
-- empty: No play was followed by another in its session, so there is no answer.
-- coverage: Of {all_plays:count play}, {judged_share:percent} can be judged: the song's length is
--   known and another play followed in the session within 24 hours.
-- columns: level, judged:count, skips:count, skip_share:percent
-- chart: bar x=skip_share y=level
-- note: A guess: the logs hold no skip button, only that the next song began early.
WITH followed AS (
    SELECT
        level,
        length,
        event_ms,
        LEAD(event_ms) OVER (
            PARTITION BY userid, sessionid
            ORDER BY event_ms, iteminsession
        ) AS next_ms
    FROM staging_events
    WHERE page = 'NextSong'
),

judged_plays AS (
    SELECT
        level,
        length,
        FLOOR(CAST(next_ms AS DOUBLE PRECISION) / 1000)
        - FLOOR(CAST(event_ms AS DOUBLE PRECISION) / 1000) AS seconds
    FROM followed
    WHERE length IS NOT NULL AND next_ms - event_ms <= 86400000
),

levels AS (
    SELECT
        level,
        COUNT(*) AS judged,
        COUNT(CASE WHEN 2 * seconds < length THEN 1 END) AS skips
    FROM judged_plays
    GROUP BY level
),

judged AS (
    SELECT
        CAST(SUM(judged) AS BIGINT) AS plays,
        CAST(SUM(skips) AS BIGINT) AS skips
    FROM levels
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    levels.level,
    levels.judged,
    levels.skips,
    CAST(levels.skips AS DOUBLE PRECISION) / levels.judged AS skip_share,
    judged.skips AS all_skips,
    judged.plays AS all_judged,
    CAST(judged.skips AS DOUBLE PRECISION) / judged.plays AS all_share,
    total.plays AS all_plays,
    CAST(judged.plays AS DOUBLE PRECISION) / total.plays AS judged_share
FROM levels
CROSS JOIN judged
CROSS JOIN total
ORDER BY levels.level
