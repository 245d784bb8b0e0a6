-- name: ranked_events
-- purpose: Judge the records that claim one key: the greatest content stays, and of equal ones the
--   staged one; outcome is kept (a new record stays), unchanged (the staged one does), duplicate,
--   conflict (a new record yields) or displaced (the staged one does).
-- grain: one record of a repeated key
-- days: staged rows of other days than the batch's need not be read.
-- note: first stretches of 50 items of a session are searched for repeats: as powers of two, items
--   add up to the union of their bits only when none stands twice. That takes a third of the time
--   and memory of grouping all keys.
CREATE TEMPORARY TABLE ranked_events AS
WITH claims AS (
    SELECT
        event_ms,
        COALESCE(userid, -1) AS listener,
        sessionid,
        iteminsession
    FROM new_events
    UNION ALL
    SELECT
        staged.event_ms,
        COALESCE(staged.userid, -1) AS listener,
        staged.sessionid,
        staged.iteminsession
    FROM staging_events AS staged
    INNER JOIN new_events AS new_ones
        ON
            staged.event_ms = new_ones.event_ms
            AND COALESCE(staged.userid, -1) = COALESCE(new_ones.userid, -1)
            AND staged.sessionid = new_ones.sessionid
            AND staged.iteminsession = new_ones.iteminsession
    WHERE
        staged.ts BETWEEN TIMESTAMP '2000-01-01 00:00:00' AND TIMESTAMP '2100-12-31 23:59:59.999'
),

crowded AS (
    SELECT
        listener,
        sessionid,
        iteminsession - MOD(iteminsession, 50) AS stretch
    FROM claims
    GROUP BY listener, sessionid, iteminsession - MOD(iteminsession, 50)
    HAVING
        SUM(CAST(POWER(2, MOD(iteminsession, 50)) AS BIGINT))
        <> BIT_OR(CAST(POWER(2, MOD(iteminsession, 50)) AS BIGINT))
),

repeated_keys AS (
    SELECT
        claims.event_ms,
        claims.listener,
        claims.sessionid,
        claims.iteminsession
    FROM claims
    INNER JOIN crowded
        ON
            claims.listener = crowded.listener
            AND claims.sessionid = crowded.sessionid
            AND claims.iteminsession - MOD(claims.iteminsession, 50) = crowded.stretch
    GROUP BY claims.event_ms, claims.listener, claims.sessionid, claims.iteminsession
    HAVING COUNT(*) > 1
)

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
    registration,
    sessionid,
    song,
    status,
    ts,
    useragent,
    userid,
    event_ms,
    source_file,
    CASE
        WHEN record_rank = 1 AND is_staged = 1 THEN 'unchanged'
        WHEN record_rank = 1 THEN 'kept'
        WHEN is_staged = 1 AND content_rank > 1 THEN 'displaced'
        WHEN content_rank = 1 THEN 'duplicate'
        ELSE 'conflict'
    END AS outcome
FROM (
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
        registration,
        sessionid,
        song,
        status,
        ts,
        useragent,
        userid,
        event_ms,
        source_file,
        is_staged,
        DENSE_RANK() OVER (
            PARTITION BY event_ms, userid, sessionid, iteminsession
            ORDER BY
                ts DESC, artist DESC NULLS LAST, auth DESC NULLS LAST, firstname DESC NULLS
                LAST, gender DESC NULLS LAST, iteminsession DESC, lastname DESC NULLS LAST,
                length DESC NULLS LAST, level DESC NULLS LAST, location DESC NULLS LAST,
                method DESC NULLS LAST, page DESC, registration DESC NULLS LAST, sessionid
                DESC, song DESC NULLS LAST, status DESC NULLS LAST, useragent DESC NULLS
                LAST, userid DESC NULLS LAST
        ) AS content_rank,
        ROW_NUMBER() OVER (
            PARTITION BY event_ms, userid, sessionid, iteminsession
            ORDER BY
                ts DESC, artist DESC NULLS LAST, auth DESC NULLS LAST, firstname DESC NULLS
                LAST, gender DESC NULLS LAST, iteminsession DESC, lastname DESC NULLS LAST,
                length DESC NULLS LAST, level DESC NULLS LAST, location DESC NULLS LAST,
                method DESC NULLS LAST, page DESC, registration DESC NULLS LAST, sessionid
                DESC, song DESC NULLS LAST, status DESC NULLS LAST, useragent DESC NULLS
                LAST, userid DESC NULLS LAST,
                is_staged DESC, source_file ASC NULLS LAST
        ) AS record_rank
    FROM (
        SELECT
            new_ones.artist,
            new_ones.auth,
            new_ones.firstname,
            new_ones.gender,
            new_ones.iteminsession,
            new_ones.lastname,
            new_ones.length,
            new_ones.level,
            new_ones.location,
            new_ones.method,
            new_ones.page,
            new_ones.registration,
            new_ones.sessionid,
            new_ones.song,
            new_ones.status,
            new_ones.ts,
            new_ones.useragent,
            new_ones.userid,
            new_ones.event_ms,
            new_ones.source_file,
            0 AS is_staged
        FROM new_events AS new_ones
        INNER JOIN repeated_keys AS repeated
            ON
                new_ones.event_ms = repeated.event_ms
                AND COALESCE(new_ones.userid, -1) = repeated.listener
                AND new_ones.sessionid = repeated.sessionid
                AND new_ones.iteminsession = repeated.iteminsession
        UNION ALL
        SELECT
            staged.artist,
            staged.auth,
            staged.firstname,
            staged.gender,
            staged.iteminsession,
            staged.lastname,
            staged.length,
            staged.level,
            staged.location,
            staged.method,
            staged.page,
            staged.registration,
            staged.sessionid,
            staged.song,
            staged.status,
            staged.ts,
            staged.useragent,
            staged.userid,
            staged.event_ms,
            CAST(NULL AS INTEGER) AS source_file,
            1 AS is_staged
        FROM staging_events AS staged
        INNER JOIN repeated_keys AS repeated
            ON
                staged.event_ms = repeated.event_ms
                AND COALESCE(staged.userid, -1) = repeated.listener
                AND staged.sessionid = repeated.sessionid
                AND staged.iteminsession = repeated.iteminsession
        WHERE
            staged.ts BETWEEN TIMESTAMP '2000-01-01 00:00:00'
            AND TIMESTAMP '2100-12-31 23:59:59.999'
    ) AS records
) AS ranked
