-- name: whole_number
-- purpose: A number that is whole and within its range; NULL otherwise.
CREATE OR REPLACE TEMPORARY MACRO whole_number(x, low, high) AS
CASE WHEN x BETWEEN low AND high AND x = floor(x) THEN CAST(x AS BIGINT) END
