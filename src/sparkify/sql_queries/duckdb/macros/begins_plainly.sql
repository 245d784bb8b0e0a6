-- name: begins_plainly
-- purpose: Whether a text begins with a capital letter or one of :;<=>?@, as no JSON value other
--   than a string does, but for NaN and Infinity (no_odd_word).
-- note: comparing with ranges costs a tenth of comparing with words.
CREATE OR REPLACE TEMPORARY MACRO begins_plainly(x) AS
x >= ':' AND x < '['
