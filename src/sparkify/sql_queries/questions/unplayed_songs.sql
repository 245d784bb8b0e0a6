-- name: unplayed_songs
-- order: 22
-- group: catalogue
-- period: as_of
-- level: no
-- question: How much of the catalogue is never played?
-- answer: {unplayed:count} of {all_songs:count song} in the catalogue ({unplayed_share:percent})
--   {unplayed:plural has have} never been played.
-- needs: all_songs
-- empty: The catalogue has no songs yet, so there is no answer.
-- columns: state, songs:count, share:percent
-- chart: bar x=songs y=state
-- note: A song counts as played when a play has exactly its title, artist and length.
WITH total AS (
    SELECT COUNT(*) AS songs FROM songs
),

played AS (
    SELECT COUNT(DISTINCT song_id) AS songs FROM songplays
),

parts AS (
    SELECT
        1 AS place,
        'never played' AS state,
        total.songs - played.songs AS songs
    FROM total
    CROSS JOIN played
    UNION ALL
    SELECT
        2 AS place,
        'played' AS state,
        songs
    FROM played
)

SELECT
    parts.state,
    parts.songs,
    CAST(parts.songs AS DOUBLE PRECISION) / NULLIF(total.songs, 0) AS share,
    total.songs AS all_songs,
    total.songs - played.songs AS unplayed,
    CAST(total.songs - played.songs AS DOUBLE PRECISION)
    / NULLIF(total.songs, 0) AS unplayed_share
FROM parts
CROSS JOIN total
CROSS JOIN played
ORDER BY parts.place
