-- name: insert_artists
-- purpose: Describe each artist whose songs this load added or displaced as the newest song does.
-- when: songs
INSERT INTO artists (artist_id, name, location, latitude, longitude)
SELECT
    artist_id,
    artist_name AS name,
    NULLIF(artist_location, '') AS location,
    artist_latitude AS latitude,
    artist_longitude AS longitude
FROM (
    SELECT
        songs.artist_id,
        songs.artist_name,
        songs.artist_location,
        songs.artist_latitude,
        songs.artist_longitude,
        ROW_NUMBER() OVER (
            PARTITION BY songs.artist_id
            ORDER BY COALESCE(songs.year, 0) DESC, songs.song_id DESC
        ) AS place
    FROM staging_songs AS songs
    WHERE songs.artist_id IN (
        SELECT artist_id
        FROM new_songs
        UNION ALL
        SELECT artist_id
        FROM ranked_songs
        WHERE outcome = 'displaced'
    )
) AS described
WHERE place = 1
