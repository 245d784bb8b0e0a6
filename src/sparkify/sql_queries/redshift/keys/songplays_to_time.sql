-- name: songplays_to_time
-- purpose: Tell the planner that each row of songplays has its time, if any; the checks prove it.
-- table: songplays
ALTER TABLE songplays ADD FOREIGN KEY (start_time) REFERENCES time (start_time)
