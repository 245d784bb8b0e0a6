-- name: copy_mended_texts
-- purpose: Fill mended_texts from the work bucket: there may be more than SQL text holds.
COPY mended_texts (text_value, mended)
FROM :manifest
IAM_ROLE :role
FORMAT AS JSON 'auto'
MANIFEST
GZIP
COMPUPDATE OFF
STATUPDATE OFF
