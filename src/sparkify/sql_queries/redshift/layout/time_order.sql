-- name: time_order
-- purpose: In the order of songplays, which it is joined to; as large as the fact, so not copied to
--   every node.
-- table: time
ALTER TABLE time ALTER SORTKEY (start_time)
