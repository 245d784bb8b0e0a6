-- name: threads
-- purpose: With how many threads the engine works.
SELECT current_setting('threads') AS threads
