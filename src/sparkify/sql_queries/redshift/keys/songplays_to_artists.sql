-- name: songplays_to_artists
-- purpose: Tell the planner that each row of songplays has its artists, if any; the checks prove it.
-- table: songplays
ALTER TABLE songplays ADD FOREIGN KEY (artist_id) REFERENCES artists (artist_id)
