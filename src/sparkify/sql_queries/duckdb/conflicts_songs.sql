-- name: conflicts_songs
-- purpose: Every new record of a contested key, and every displaced one: who lost, and to whom.
SELECT *
FROM ranked_songs AS ranked
WHERE
    outcome IN ('conflict', 'displaced')
    OR (
        outcome = 'kept'
        AND EXISTS (
            SELECT 1
            FROM ranked_songs AS loser
            WHERE
                loser.outcome = 'displaced'
                AND loser.song_id = ranked.song_id
        )
    )
ORDER BY ALL
