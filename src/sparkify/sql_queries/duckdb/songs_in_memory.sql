-- name: songs_in_memory
-- purpose: How many songs can be joined without going to the disk: one takes about 150 bytes, and
--   finding which of the same look is the first takes some more.
SELECT parse_formatted_bytes(current_setting('memory_limit')) // 256 AS songs
