-- name: may_be_json
-- purpose: Whether a text might be a JSON value other than a string, which the reader turned into
--   text without a word: true, 1.5, [1], {"a": 1}.
CREATE OR REPLACE TEMPORARY MACRO may_be_json(x) AS
CASE
    WHEN regexp_matches(
        x, '^[-./0-9[{]|^(true|false|NaN|nan|NAN|Infinity|infinity|Inf|inf|INF)$'
    )
        THEN json_valid(x)
    ELSE FALSE
END
