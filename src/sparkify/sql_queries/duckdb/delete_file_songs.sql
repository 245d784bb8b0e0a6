-- name: delete_file_songs
-- purpose: Take the records of doubtful files out, to read those files carefully.
-- parameters: source_files (numbers).
DELETE FROM new_songs
WHERE source_file IN (SELECT unnest($source_files))
