-- name: songplays_order
-- purpose: Questions and loads look at stretches of time: whole blocks outside of them are skipped.
-- table: songplays
ALTER TABLE songplays ALTER SORTKEY (start_time)
