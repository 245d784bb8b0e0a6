-- name: touched_artists
-- purpose: The artists whose songs this load added or displaced.
-- grain: one artist_id
CREATE TEMPORARY TABLE touched_artists AS
SELECT DISTINCT artist_id
FROM (
    SELECT artist_id
    FROM new_songs
    UNION ALL
    SELECT artist_id
    FROM displaced_songs
) AS touched
