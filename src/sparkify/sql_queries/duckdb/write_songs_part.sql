-- name: write_songs_part
-- purpose: Write the accepted songs as packed NDJSON for COPY.
COPY (
    SELECT
        num_songs,
        artist_id,
        artist_latitude,
        artist_longitude,
        artist_location,
        artist_name,
        song_id,
        title,
        duration,
        year,
        source_file
    FROM new_songs
) TO $folder (FORMAT json, COMPRESSION gzip, FILE_SIZE_BYTES $size, FILE_EXTENSION 'json.gz')
