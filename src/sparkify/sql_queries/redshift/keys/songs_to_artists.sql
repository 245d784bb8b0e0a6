-- name: songs_to_artists
-- purpose: Tell the planner that each row of songs has its artists, if any; the checks prove it.
-- table: songs
ALTER TABLE songs ADD FOREIGN KEY (artist_id) REFERENCES artists (artist_id)
