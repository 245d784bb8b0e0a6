-- name: user_id
-- purpose: A user id from a whole number or a string of digits, plainly written; NULL otherwise.
CREATE OR REPLACE TEMPORARY MACRO user_id(digits) AS
CASE
    WHEN TRY_CAST(digits AS BIGINT) BETWEEN 0 AND 9000000000000
        AND CAST(TRY_CAST(digits AS BIGINT) AS VARCHAR) = digits
        THEN CAST(digits AS BIGINT)
END
