-- name: match_share
-- purpose: At least one play in a hundred matches the catalogue.
-- severity: warn
SELECT
    plays,
    matched_plays
FROM (
    SELECT
        COUNT(*) AS plays,
        COUNT(song_id) AS matched_plays
    FROM songplays
) AS matches
WHERE
    plays > 0
    AND matched_plays * 100 < plays
