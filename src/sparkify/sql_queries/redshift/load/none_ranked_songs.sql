-- name: none_ranked_songs
-- purpose: For a rebuild: no staged record yields.
CREATE TEMPORARY TABLE ranked_songs AS
SELECT
    song_id,
    artist_id,
    title,
    artist_name,
    duration,
    CAST(NULL AS INTEGER) AS source_file,
    CAST('' AS VARCHAR(16)) AS outcome
FROM staging_songs
WHERE song_id IS NULL
