-- name: touched_artists
-- purpose: The artists whose songs this load added or displaced.
-- grain: one artist_id
CREATE TEMPORARY TABLE touched_artists AS
SELECT artist_id
FROM new_songs
UNION DISTINCT
SELECT artist_id
FROM displaced_songs
