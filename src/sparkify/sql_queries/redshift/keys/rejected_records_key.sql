-- name: rejected_records_key
-- purpose: Tell the planner the key of rejected_records; Redshift does not enforce it, the checks prove it.
-- table: rejected_records
ALTER TABLE rejected_records ADD PRIMARY KEY (uri, fingerprint, line_number, line_place)
