-- name: artists_key
-- purpose: Tell the planner the key of artists; Redshift does not enforce it, the checks prove it.
-- table: artists
ALTER TABLE artists ADD PRIMARY KEY (artist_id)
