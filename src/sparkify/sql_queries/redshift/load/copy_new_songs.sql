-- name: copy_new_songs
-- purpose: Fill new_songs from parts in the work bucket, which were validated on the way there.
-- note: with statistics, for they are joined with history (dg/t_Analyzing_tables).
COPY new_songs (
    num_songs, artist_id, artist_latitude, artist_longitude, artist_location, artist_name,
    song_id, title, duration, year, source_file
)
FROM :manifest
IAM_ROLE :role
FORMAT AS JSON 'auto'
MANIFEST
GZIP
COMPUPDATE OFF
STATUPDATE ON
