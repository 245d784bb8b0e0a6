-- name: number
-- purpose: The number that a JSON value is; NULL where it is none (a quoted "7" is none).
-- note: -0.0 + 0 is 0.0. The two are equal, so which one is staged would hang on what came first.
CREATE OR REPLACE TEMPORARY MACRO number(json) AS
TRY_CAST(CAST(json AS VARCHAR) AS DOUBLE) + 0
