-- name: unload_known_files
-- purpose: Write the ledger to the work bucket, for it is too large for the Data API's answers.
-- note: in one stream, which keeps the order of the query.
UNLOAD (:query)
TO :target
IAM_ROLE :role
FORMAT AS JSON
GZIP
PARALLEL OFF
