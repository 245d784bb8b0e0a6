-- name: repeated_events
-- purpose: The keys of this load that several records claim, within the load or with staging.
-- grain: one key: (sessionid, iteminsession)
CREATE TEMPORARY TABLE repeated_events AS
SELECT
    sessionid,
    iteminsession
FROM (
    SELECT
        sessionid,
        iteminsession
    FROM new_events
    UNION ALL
    SELECT
        staged.sessionid,
        staged.iteminsession
    FROM staging_events AS staged
    WHERE EXISTS (
        SELECT 1
        FROM new_events AS new_ones
        WHERE
            new_ones.sessionid = staged.sessionid
            AND new_ones.iteminsession = staged.iteminsession
    )
) AS records
GROUP BY sessionid, iteminsession
HAVING COUNT(*) > 1
