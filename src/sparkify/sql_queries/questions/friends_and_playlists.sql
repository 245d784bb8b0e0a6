-- name: friends_and_playlists
-- order: 43
-- group: listeners
-- period: window
-- level: yes
-- question: Do listeners add friends, and songs to playlists?
-- answer: {friends:count friend} {friends:plural was were} added by
--   {friend_listeners:count listener}, and {songs:count song} {songs:plural was were} put on
--   playlists by {song_listeners:count listener}.
-- needs: all_additions
-- empty: No friends or playlists are seen: there is no page Add Friend or Add to Playlist.
-- columns: page, additions:count, listeners:count, per_100_plays:number
-- chart: bar x=additions y=page
-- note: The logs do not say which friend or which song it was.
WITH added AS (
    SELECT
        COUNT(CASE WHEN page = 'Add Friend' THEN 1 END) AS friends,
        COUNT(DISTINCT CASE WHEN page = 'Add Friend' THEN userid END) AS friend_adders,
        COUNT(CASE WHEN page = 'Add to Playlist' THEN 1 END) AS songs,
        COUNT(DISTINCT CASE WHEN page = 'Add to Playlist' THEN userid END) AS song_adders
    FROM staging_events
    WHERE page IN ('Add Friend', 'Add to Playlist')
),

total AS (
    SELECT COUNT(*) AS plays FROM songplays
),

parts AS (
    SELECT
        'Add Friend' AS page,
        friends AS additions,
        friend_adders AS adders
    FROM added
    UNION ALL
    SELECT
        'Add to Playlist' AS page,
        songs AS additions,
        song_adders AS adders
    FROM added
)

SELECT
    parts.page,
    parts.additions,
    parts.adders AS listeners,
    CAST(100 * parts.additions AS DOUBLE PRECISION) / NULLIF(total.plays, 0) AS per_100_plays,
    added.friends,
    added.friend_adders AS friend_listeners,
    added.songs,
    added.song_adders AS song_listeners,
    added.friends + added.songs AS all_additions
FROM parts
CROSS JOIN added
CROSS JOIN total
ORDER BY parts.page
