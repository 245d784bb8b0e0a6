-- name: touched_matches
-- purpose: The (title, artist, length) of songs that this load added or displaced, old and new.
-- grain: one (title, artist_name, duration)
CREATE TEMPORARY TABLE touched_matches AS
SELECT DISTINCT
    title,
    artist_name,
    duration
FROM (
    SELECT
        title,
        artist_name,
        duration
    FROM new_songs
    WHERE artist_name IS NOT NULL
    UNION ALL
    SELECT
        title,
        artist_name,
        duration
    FROM displaced_songs
    WHERE artist_name IS NOT NULL
) AS touched
