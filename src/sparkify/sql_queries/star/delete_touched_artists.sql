-- name: delete_touched_artists
-- purpose: Take the artists whose songs this load added or displaced out, to be described again.
-- when: songs
DELETE FROM artists
WHERE artist_id IN (
    SELECT artist_id
    FROM new_songs
    UNION ALL
    SELECT artist_id
    FROM ranked_songs
    WHERE outcome = 'displaced'
)
