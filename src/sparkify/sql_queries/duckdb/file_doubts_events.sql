-- name: file_doubts_events
-- purpose: How many records of each file were read, and whether one of them is doubtful.
-- parameters: source_files (numbers).
SELECT
    source_file,
    count(*) AS records,
    bool_or(
        doubt > 0
        OR text_doubt(
            artist, auth, firstname, gender, lastname, level, location, method, page, song,
            useragent, userid
        )
    ) AS doubtful
FROM new_events
WHERE source_file IN (SELECT unnest($source_files))
GROUP BY source_file
