-- name: create_mended_texts
-- purpose: The staged texts that were encoded twice, and what each is to be.
-- grain: one distinct text
CREATE TEMPORARY TABLE mended_texts AS
SELECT
    CAST(UNNEST($texts) AS VARCHAR) AS text_value,
    CAST(UNNEST($mended) AS VARCHAR) AS mended
