-- name: copy_new_events
-- purpose: Fill new_events from parts in the work bucket, which were validated on the way there.
-- note: with statistics, for they are joined with history (dg/t_Analyzing_tables).
COPY new_events (
    artist, auth, firstname, gender, iteminsession, lastname, length, level, location, method,
    page, registration, sessionid, song, status, ts, useragent, userid, event_ms,
    source_file
)
FROM :manifest
IAM_ROLE :role
FORMAT AS JSON 'auto'
TIMEFORMAT 'epochmillisecs'
MANIFEST
GZIP
COMPUPDATE OFF
STATUPDATE ON
