-- name: repeated_songs
-- purpose: The keys of this load that several records claim, within the load or with staging.
-- grain: one key: song_id
CREATE TEMPORARY TABLE repeated_songs AS
SELECT song_id
FROM (
    SELECT song_id
    FROM new_songs
    UNION ALL
    SELECT staged.song_id
    FROM staging_songs AS staged
    WHERE EXISTS (
        SELECT 1
        FROM new_songs AS new_ones
        WHERE new_ones.song_id = staged.song_id
    )
) AS records
GROUP BY song_id
HAVING COUNT(*) > 1
