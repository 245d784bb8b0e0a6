-- name: create_mended_texts
-- purpose: The staged texts that were encoded twice, and what each is to be.
-- grain: one distinct text
CREATE TEMPORARY TABLE mended_texts (
    text_value VARCHAR(1024) NOT NULL,
    mended VARCHAR(1024) NOT NULL
)
