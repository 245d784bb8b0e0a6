-- name: mended
-- purpose: What staging/mend.py makes of a text: taken back up to three times.
-- note: a list, for a macro that names its text several times in itself is computed as often.
CREATE OR REPLACE TEMPORARY MACRO mended(x) AS
CASE
    WHEN no_ascii(x)
        THEN list_reduce([x, x, x, x], lambda once, again : mended_once(once))
    ELSE x
END
