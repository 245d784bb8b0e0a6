-- name: time_key
-- purpose: Tell the planner the key of time; Redshift does not enforce it, the checks prove it.
-- table: time
ALTER TABLE time ADD PRIMARY KEY (start_time)
