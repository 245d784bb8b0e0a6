-- name: decades
-- order: 17
-- group: catalogue
-- period: window
-- level: yes
-- question: Which decade of music is liked most?
-- answer: The {decade:decade} are liked most{ties}: {plays:count play}, {share:percent} of the
--   plays whose year is known.
-- lead: plays
-- tie: the {decade:decade}
-- empty: No play is of a catalogue song with a known year, so there is no answer.
-- coverage: Of {all_plays:count play}, {dated:count} ({dated_share:percent})
--   {dated:plural is are} of catalogue songs with a known year.
-- columns: decade:decade, plays:count, share:percent
-- rows: 20
-- chart: bar x=decade y=plays
-- note: The year is that of the catalogue's song, which may be a later edition.
WITH song_plays AS (
    SELECT
        song_id,
        COUNT(*) AS plays
    FROM songplays
    WHERE song_id IS NOT NULL
    GROUP BY song_id
),

decades AS (
    SELECT
        songs.year - MOD(songs.year, 10) AS decade,
        CAST(SUM(song_plays.plays) AS BIGINT) AS plays
    FROM song_plays
    INNER JOIN songs ON song_plays.song_id = songs.song_id
    WHERE songs.year IS NOT NULL
    GROUP BY songs.year - MOD(songs.year, 10)
),

dated AS (
    SELECT CAST(SUM(plays) AS BIGINT) AS plays FROM decades
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
)

SELECT
    decades.decade,
    decades.plays,
    CAST(decades.plays AS DOUBLE PRECISION) / dated.plays AS share,
    dated.plays AS dated,
    total.plays AS all_plays,
    CAST(dated.plays AS DOUBLE PRECISION) / total.plays AS dated_share
FROM decades
CROSS JOIN dated
CROSS JOIN total
ORDER BY decades.decade
