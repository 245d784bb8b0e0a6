-- name: no_ascii
-- purpose: Whether a text has a character beyond ASCII.
CREATE OR REPLACE TEMPORARY MACRO no_ascii(x) AS
strlen(x) <> length(x)
