-- name: mended_once
-- purpose: A text that was encoded twice as it was before; any other as it is.
CREATE OR REPLACE TEMPORARY MACRO mended_once(x) AS
CASE
    WHEN holds_sign(x) AND NOT regexp_matches(x, '[^\x{0}-\x{FF}]')
        THEN coalesce(TRY(url_decode(latin_1(x))), x)
    ELSE x
END
