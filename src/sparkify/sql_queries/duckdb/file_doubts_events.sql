-- name: file_doubts_events
-- purpose: How many records of each file were read, and how doubtful the worst of them is.
-- parameters: source_files (numbers), judge_texts (whether their texts are still to be judged).
SELECT
    source_file,
    count(*) AS records,
    max(
        CASE
            WHEN doubt > 0 OR NOT $judge_texts THEN doubt
            ELSE text_doubt(
                artist, auth, firstname, gender, lastname, level, location, method, page, song,
                useragent, userid
            )
        END
    ) AS doubt
FROM new_events
WHERE source_file IN (SELECT unnest($source_files))
GROUP BY source_file
