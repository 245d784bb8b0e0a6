-- name: stripped
-- purpose: A text without its trailing blanks (U+0020), which Redshift would not compare.
CREATE OR REPLACE TEMPORARY MACRO stripped(x) AS
CASE WHEN suffix(x, ' ') THEN rtrim(x, ' ') ELSE x END
