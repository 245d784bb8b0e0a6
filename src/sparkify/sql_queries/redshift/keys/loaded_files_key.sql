-- name: loaded_files_key
-- purpose: Tell the planner the key of loaded_files; Redshift does not enforce it, the checks prove it.
-- table: loaded_files
ALTER TABLE loaded_files ADD PRIMARY KEY (uri, fingerprint)
