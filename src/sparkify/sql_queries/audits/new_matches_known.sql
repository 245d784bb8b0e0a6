-- name: new_matches_known
-- purpose: Every matched play of this load has its song and its artist in the catalogue, to which
--   the load added nothing.
-- note: what matches_known says of all plays, where no other can have changed.
-- when: events alone
SELECT
    plays.songplay_id,
    plays.song_id,
    plays.artist_id
FROM songplays AS plays
INNER JOIN new_events AS events
    ON plays.songplay_id = events.sessionid * 1000000 + events.iteminsession
LEFT JOIN songs
    ON plays.song_id = songs.song_id
LEFT JOIN artists
    ON plays.artist_id = artists.artist_id
WHERE
    plays.song_id IS NOT NULL
    AND (songs.song_id IS NULL OR artists.artist_id IS NULL)
