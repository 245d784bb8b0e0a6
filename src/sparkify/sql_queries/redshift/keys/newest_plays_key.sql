-- name: newest_plays_key
-- purpose: Tell the planner the key of newest_plays; Redshift does not enforce it, the checks prove it.
-- table: newest_plays
ALTER TABLE newest_plays ADD PRIMARY KEY (user_id, level)
