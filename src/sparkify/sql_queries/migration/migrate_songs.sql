-- name: migrate_songs
-- purpose: Mend the texts of staged songs that were encoded twice.
UPDATE staging_songs
SET
    title = mended_songs.title,
    artist_name = mended_songs.artist_name,
    artist_location = mended_songs.artist_location
FROM (
    SELECT
        songs.song_id,
        COALESCE(titles.mended, songs.title) AS title,
        COALESCE(names.mended, songs.artist_name) AS artist_name,
        COALESCE(places.mended, songs.artist_location) AS artist_location
    FROM staging_songs AS songs
    LEFT JOIN mended_texts AS titles
        ON songs.title = titles.text_value
    LEFT JOIN mended_texts AS names
        ON songs.artist_name = names.text_value
    LEFT JOIN mended_texts AS places
        ON songs.artist_location = places.text_value
    WHERE
        titles.mended IS NOT NULL
        OR names.mended IS NOT NULL
        OR places.mended IS NOT NULL
) AS mended_songs
WHERE staging_songs.song_id = mended_songs.song_id
