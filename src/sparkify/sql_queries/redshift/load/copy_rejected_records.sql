-- name: copy_rejected_records
-- purpose: Keep what this run rejected; it stands in the work bucket as rows of the table.
COPY rejected_records (
    run_id, kind, uri, fingerprint, line_number, line_place, reason, message, raw_text
)
FROM :manifest
IAM_ROLE :role
FORMAT AS JSON 'auto'
MANIFEST
GZIP
COMPUPDATE OFF
