-- name: no_string_or_number
-- purpose: Whether a JSON value is there and is neither a string nor a whole number in digits.
CREATE OR REPLACE TEMPORARY MACRO no_string_or_number(json) AS
no_string(json) AND NOT regexp_full_match(CAST(json AS VARCHAR), '-?[0-9]+')
