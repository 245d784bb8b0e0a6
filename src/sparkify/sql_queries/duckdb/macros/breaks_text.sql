-- name: breaks_text
-- purpose: Whether a text is wider than its bytes of UTF-8, or holds U+0000.
CREATE OR REPLACE TEMPORARY MACRO breaks_text(x, width) AS
strlen(x) > width OR contains(x, chr(0))
