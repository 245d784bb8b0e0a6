-- name: staging_songs_key
-- purpose: Tell the planner the key of staging_songs; Redshift does not enforce it, the checks prove it.
-- table: staging_songs
ALTER TABLE staging_songs ADD PRIMARY KEY (song_id)
