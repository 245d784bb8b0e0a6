-- name: delete_touched_artists
-- purpose: Take the touched artists out, to be described anew.
DELETE FROM artists
WHERE artist_id IN (SELECT artist_id FROM touched_artists)
