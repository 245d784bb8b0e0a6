-- name: no_string
-- purpose: Whether a JSON value is there and is no string.
CREATE OR REPLACE TEMPORARY MACRO no_string(json) AS
json IS NOT NULL AND NOT starts_with(CAST(json AS VARCHAR), '"')
