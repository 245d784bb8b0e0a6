-- name: holds_sign
-- purpose: Whether a text looks as if it had been encoded twice: U+00C2 to U+00F4, then U+0080 to
--   U+00BF.
CREATE OR REPLACE TEMPORARY MACRO holds_sign(x) AS
regexp_matches(x, '[\x{C2}-\x{F4}][\x{80}-\x{BF}]')
