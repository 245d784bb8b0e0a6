-- name: latin_1
-- purpose: A text of no character beyond U+00FF as its bytes in Latin-1, each %XX where it is more
--   than a letter or a digit.
-- note: U+0080 to U+00BF are %C2%XX in UTF-8; U+00C0 to U+00FF are %C3 and 40 less, and come in an
--   order in which no step makes what a later one would take.
CREATE OR REPLACE TEMPORARY MACRO latin_1(x) AS
replace(
    replace(
        replace(
            replace(replace(url_encode(x), '%C2%', '%'), '%C3%B', '%F'),
            '%C3%A', '%E'
        ),
        '%C3%9', '%D'
    ),
    '%C3%8', '%C'
)
