-- name: part_of_songs
-- purpose: The songs whose duration is in the part that choose_part chose.
CREATE OR REPLACE TEMPORARY VIEW part_of_songs AS
SELECT *
FROM staging_songs
WHERE CAST(floor(duration) AS BIGINT) % getvariable('part').parts = getvariable('part').number
