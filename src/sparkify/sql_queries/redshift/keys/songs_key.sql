-- name: songs_key
-- purpose: Tell the planner the key of songs; Redshift does not enforce it, the checks prove it.
-- table: songs
ALTER TABLE songs ADD PRIMARY KEY (song_id)
