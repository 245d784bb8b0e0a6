-- name: unload_table
-- purpose: Export a table of the star schema as Parquet files, over what stood there.
UNLOAD (:query)
TO :target
IAM_ROLE :role
FORMAT AS PARQUET
ALLOWOVERWRITE
PARALLEL :parallel
