-- name: write_events_part
-- purpose: Write the accepted events as packed NDJSON for COPY, moments as milliseconds.
COPY (
    SELECT
        artist,
        auth,
        firstname,
        gender,
        iteminsession,
        lastname,
        length,
        level,
        location,
        method,
        page,
        epoch_ms(registration) AS registration,
        sessionid,
        song,
        status,
        epoch_ms(ts) AS ts,
        useragent,
        userid,
        event_ms,
        source_file
    FROM new_events
) TO $folder (FORMAT json, COMPRESSION gzip, FILE_SIZE_BYTES $size, FILE_EXTENSION 'json.gz')
