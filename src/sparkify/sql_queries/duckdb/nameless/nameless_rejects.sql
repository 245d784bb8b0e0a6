-- name: nameless_rejects
-- purpose: Take what may name a listener out of rejected_records, in a copy of the database.
UPDATE rejected_records
SET
    raw_text = '',
    message = CASE
        WHEN LOWER(message) LIKE '%firstname%' OR LOWER(message) LIKE '%lastname%'
            THEN 'the name of a listener breaks a rule'
        ELSE message
    END
