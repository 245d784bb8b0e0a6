-- name: users_key
-- purpose: Tell the planner the key of users; Redshift does not enforce it, the checks prove it.
-- table: users
ALTER TABLE users ADD PRIMARY KEY (user_id, level)
