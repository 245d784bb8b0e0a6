-- name: skips
-- order: 24
-- group: music
-- question: How often is a song cut short?
-- answer: {all_skips:count} of {all_judged:count play} that can be judged ({all_share:percent})
--   {all_skips:plural was were} cut short before half of the song.
-- empty: No play was followed by another in its session, so there is no answer.
-- coverage: Of {all_plays:count play}, {judged_share:percent} can be judged: the song's length is
--   known and another play followed in the session.
-- columns: level, judged:count, skips:count, skip_share:percent
-- chart: bar x=skip_share y=level
-- note: A guess: the logs hold no skip button, only that the next song began early.
WITH starts AS (
    SELECT
        level,
        length,
        sessionid,
        iteminsession,
        CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', ts)) AS BIGINT) AS started
    FROM staging_events
    WHERE page = 'NextSong'
),

plays AS (
    SELECT
        level,
        length,
        started,
        LEAD(started) OVER (PARTITION BY sessionid ORDER BY iteminsession) AS next_started
    FROM starts
),

levels AS (
    SELECT
        level,
        COUNT(*) AS judged,
        COUNT(
            CASE WHEN 2 * CAST(next_started - started AS DOUBLE PRECISION) < length THEN 1 END
        ) AS skips
    FROM plays
    WHERE length IS NOT NULL AND next_started IS NOT NULL
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
