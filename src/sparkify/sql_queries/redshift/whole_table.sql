-- name: whole_table
-- purpose: Every row of a table, to be exported.
SELECT *
FROM :table
