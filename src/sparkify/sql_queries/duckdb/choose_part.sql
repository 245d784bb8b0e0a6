-- name: choose_part
-- purpose: Say which part of all lengths part_of_events and part_of_songs show.
-- parameters: parts (how many there are), number (of the part, from 0).
SET VARIABLE part = {'parts': $parts, 'number': $number}
