-- name: songplays_to_songs
-- purpose: Tell the planner that each row of songplays has its songs, if any; the checks prove it.
-- table: songplays
ALTER TABLE songplays ADD FOREIGN KEY (song_id) REFERENCES songs (song_id)
