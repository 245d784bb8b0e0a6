-- name: moment
-- purpose: A whole number of milliseconds since 1970, within the years 2000 to 2100, as UTC;
--   NULL otherwise.
CREATE OR REPLACE TEMPORARY MACRO moment(x) AS
make_timestamp(1000 * whole_number(x, 946684800000, 4133980799999))
