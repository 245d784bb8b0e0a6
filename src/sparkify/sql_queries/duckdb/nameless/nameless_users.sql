-- name: nameless_users
-- purpose: Take the names of listeners out of users, in a copy of the database.
UPDATE users SET first_name = NULL, last_name = NULL
