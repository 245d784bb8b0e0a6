-- name: may_be_other
-- purpose: Like may_be_json, where a whole number is as good as its digits.
CREATE OR REPLACE TEMPORARY MACRO may_be_other(x) AS
may_be_json(x) AND x <> coalesce(CAST(TRY_CAST(x AS BIGINT) AS VARCHAR), '')
