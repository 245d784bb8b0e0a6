-- name: drop_derived
-- purpose: Remove the tables that follow from staging, and the ledger and rejects, which are
--   forgotten; in one statement, for a batch takes 40.
DROP TABLE songplays, users, songs, artists, time, loaded_files, rejected_records, warehouse_info
