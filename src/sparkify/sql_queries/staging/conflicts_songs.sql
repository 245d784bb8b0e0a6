-- name: conflicts_songs
-- purpose: Every new record of a contested key that yields, and every displaced one with the new
--   one that displaced it: who lost, and to whom.
-- grain: one record of a contested key
SELECT
    ranked.num_songs,
    ranked.artist_id,
    ranked.artist_latitude,
    ranked.artist_longitude,
    ranked.artist_location,
    ranked.artist_name,
    ranked.song_id,
    ranked.title,
    ranked.duration,
    ranked.year,
    ranked.source_file,
    ranked.outcome
FROM ranked_songs AS ranked
WHERE
    ranked.outcome IN ('conflict', 'displaced')
    OR (
        ranked.outcome = 'kept'
        AND EXISTS (
            SELECT 1
            FROM ranked_songs AS loser
            WHERE
                loser.outcome = 'displaced'
                AND loser.song_id = ranked.song_id
        )
    )
