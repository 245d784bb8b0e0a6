-- name: delete_file_events
-- purpose: Take the records of doubtful files out, for the strict path reads those files.
-- parameters: source_files (numbers).
DELETE FROM new_events
WHERE source_file IN (SELECT unnest($source_files))
