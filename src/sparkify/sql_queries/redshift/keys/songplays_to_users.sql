-- name: songplays_to_users
-- purpose: Tell the planner that each row of songplays has its users, if any; the checks prove it.
-- table: songplays
ALTER TABLE songplays ADD FOREIGN KEY (user_id, level) REFERENCES users (user_id, level)
