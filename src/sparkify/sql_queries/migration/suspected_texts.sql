-- name: suspected_texts
-- purpose: The staged texts that may be encoded twice: those with one of the characters that the
--   sign of it begins with (U+00C2 to U+00F4). Most of them are only accented; Python tells.
-- note: the largest of equal texts, for engines would test a plain one before they group.
-- grain: one distinct text
SELECT text_value
FROM (
    SELECT artist AS text_value
    FROM staging_events
    UNION ALL
    SELECT firstname AS text_value
    FROM staging_events
    UNION ALL
    SELECT lastname AS text_value
    FROM staging_events
    UNION ALL
    SELECT location AS text_value
    FROM staging_events
    UNION ALL
    SELECT song AS text_value
    FROM staging_events
    UNION ALL
    SELECT title AS text_value
    FROM staging_songs
    UNION ALL
    SELECT artist_name AS text_value
    FROM staging_songs
    UNION ALL
    SELECT artist_location AS text_value
    FROM staging_songs
) AS texts
GROUP BY text_value
HAVING
    MAX(text_value) <> TRANSLATE(
        MAX(text_value),
        'ÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóô',
        '...................................................'
    )
ORDER BY text_value ASC
