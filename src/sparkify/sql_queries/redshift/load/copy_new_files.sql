-- name: copy_new_files
-- purpose: Fill new_files from the work bucket: a million files do not fit into SQL text.
COPY new_files (source_file, kind, uri, size, fingerprint, records_read)
FROM :manifest
IAM_ROLE :role
FORMAT AS JSON 'auto'
MANIFEST
GZIP
COMPUPDATE OFF
STATUPDATE OFF
