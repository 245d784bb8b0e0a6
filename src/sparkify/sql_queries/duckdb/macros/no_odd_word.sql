-- name: no_odd_word
-- purpose: Whether a text that begins plainly is none of the JSON values that do.
CREATE OR REPLACE TEMPORARY MACRO no_odd_word(x) AS
x NOT IN ('NaN', 'NAN', 'Inf', 'INF', 'Infinity')
