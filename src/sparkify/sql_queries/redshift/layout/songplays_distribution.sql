-- name: songplays_distribution
-- purpose: Most questions count by listener, so one listener's plays lie together; by song_id one
--   slice would hold nearly all, for most plays match no song of the catalogue.
-- table: songplays
ALTER TABLE songplays ALTER DISTSTYLE KEY DISTKEY user_id
