-- name: part_doubts_songs
-- purpose: How many records of some files were read, and whether one of them is doubtful.
-- parameters: first, last (numbers of files).
SELECT
    count(*) AS records,
    max(doubt) AS doubt
FROM new_songs
WHERE source_file BETWEEN $first AND $last
