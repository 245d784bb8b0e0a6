-- name: copy_copied_songs
-- purpose: Fill copied_songs from the source bucket; one bad record fails the load (MAXERROR 0).
COPY copied_songs (:columns)
FROM :source
IAM_ROLE :role
FORMAT AS JSON :json
REGION :region
MAXERROR 0
COMPUPDATE OFF
STATUPDATE OFF
:packing
