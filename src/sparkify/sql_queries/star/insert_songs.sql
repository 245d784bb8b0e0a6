-- name: insert_songs
-- purpose: Every song of this load becomes a song of the catalogue; year 0 is unknown.
-- when: songs
INSERT INTO songs (song_id, title, artist_id, year, duration)
SELECT
    song_id,
    title,
    artist_id,
    NULLIF(year, 0) AS year,
    duration
FROM new_songs
