-- name: number
-- purpose: The number that a JSON value is; NULL where it is none (a quoted "7" is none).
CREATE OR REPLACE TEMPORARY MACRO number(json) AS
TRY_CAST(CAST(json AS VARCHAR) AS DOUBLE)
