-- name: file_doubts_songs
-- purpose: How many records of each file were read, and how doubtful the worst of them is.
-- parameters: source_files (numbers).
SELECT
    source_file,
    count(*) AS records,
    max(doubt) AS doubt
FROM new_songs
WHERE source_file IN (SELECT unnest($source_files))
GROUP BY source_file
