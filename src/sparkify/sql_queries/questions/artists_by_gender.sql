-- name: artists_by_gender
-- order: 40
-- group: music
-- period: window
-- level: yes
-- question: Which artists do women and men play most?
-- answer: [Women play {women_artist} most: {women_plays:count play}{women_ties}. ][Men play
--   {men_artist} most: {men_plays:count play}{men_ties}.]
-- empty: No play is by a woman or a man, so there is no answer.
-- columns: gender, place, artist, plays:count, share:percent
-- chart: bar x=plays y=gender,artist
-- note: The five artists that each play most, as the logs name them; the share is that of their
--   plays of a known artist.
WITH gender_artists AS (
    SELECT
        gender,
        artist,
        COUNT(*) AS plays
    FROM staging_events
    WHERE page = 'NextSong' AND artist IS NOT NULL AND gender IN ('F', 'M')
    GROUP BY gender, artist
),

ranked AS (
    SELECT
        gender,
        artist,
        plays,
        SUM(plays) OVER (PARTITION BY gender) AS gender_plays,
        RANK() OVER (PARTITION BY gender ORDER BY plays DESC) AS rank_of_plays,
        ROW_NUMBER() OVER (PARTITION BY gender ORDER BY plays DESC, artist ASC) AS place
    FROM gender_artists
),

leaders AS (
    SELECT
        gender,
        MAX(CASE WHEN place = 1 THEN artist END) AS artist,
        MAX(plays) AS plays,
        CASE WHEN COUNT(*) > 1 THEN ', tied with others' ELSE '' END AS ties
    FROM ranked
    WHERE rank_of_plays = 1
    GROUP BY gender
),

said AS (
    SELECT
        MAX(CASE WHEN gender = 'F' THEN artist END) AS women_artist,
        MAX(CASE WHEN gender = 'F' THEN plays END) AS women_plays,
        MAX(CASE WHEN gender = 'F' THEN ties END) AS women_ties,
        MAX(CASE WHEN gender = 'M' THEN artist END) AS men_artist,
        MAX(CASE WHEN gender = 'M' THEN plays END) AS men_plays,
        MAX(CASE WHEN gender = 'M' THEN ties END) AS men_ties
    FROM leaders
)

SELECT
    CASE ranked.gender WHEN 'F' THEN 'women' ELSE 'men' END AS gender,
    ranked.place,
    ranked.artist,
    ranked.plays,
    CAST(ranked.plays AS DOUBLE PRECISION)
    / CAST(ranked.gender_plays AS DOUBLE PRECISION) AS share,
    said.women_artist,
    said.women_plays,
    said.women_ties,
    said.men_artist,
    said.men_plays,
    said.men_ties
FROM ranked
CROSS JOIN said
WHERE ranked.place <= 5
ORDER BY ranked.gender, ranked.place
