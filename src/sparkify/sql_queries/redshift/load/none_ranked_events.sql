-- name: none_ranked_events
-- purpose: For a rebuild: no staged record yields.
CREATE TEMPORARY TABLE ranked_events AS
SELECT
    event_ms,
    sessionid,
    iteminsession,
    page,
    level,
    ts,
    userid,
    CAST(NULL AS INTEGER) AS source_file,
    CAST('' AS VARCHAR(16)) AS outcome
FROM staging_events
WHERE sessionid IS NULL
