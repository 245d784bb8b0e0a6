-- name: part_of_events
-- purpose: The events of this load whose length is in the part that choose_part chose.
CREATE OR REPLACE TEMPORARY VIEW part_of_events AS
SELECT *
FROM new_events
WHERE
    CAST(floor(coalesce(length, 0)) AS BIGINT) % getvariable('part').parts
    = getvariable('part').number
