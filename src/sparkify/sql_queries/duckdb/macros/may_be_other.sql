-- name: may_be_other
-- purpose: Like may_be_json, where a number is as good as its text, which the reader keeps of whole
--   numbers only, and not of -0.
CREATE OR REPLACE TEMPORARY MACRO may_be_other(x) AS
may_be_json(x) AND (x = '0' OR x <> coalesce(CAST(TRY_CAST(x AS BIGINT) AS VARCHAR), ''))
