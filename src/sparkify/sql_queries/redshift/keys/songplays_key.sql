-- name: songplays_key
-- purpose: Tell the planner the key of songplays; Redshift does not enforce it, the checks prove it.
-- table: songplays
ALTER TABLE songplays ADD PRIMARY KEY (songplay_id)
