-- name: song_matches
-- purpose: What a play must equal to match the catalogue; of several songs the smallest song_id.
-- grain: one (title, artist_name, duration)
CREATE TEMPORARY TABLE song_matches AS
SELECT
    candidates.title,
    candidates.artist_name,
    candidates.duration,
    staged.song_id,
    staged.artist_id
FROM (
    SELECT
        title,
        artist_name,
        duration,
        MIN(song_id) AS song_id
    FROM staging_songs
    WHERE artist_name IS NOT NULL
    GROUP BY title, artist_name, duration
) AS candidates
INNER JOIN staging_songs AS staged
    ON candidates.song_id = staged.song_id
