"""Which statements of users may run on Redshift: those that can only read."""

from __future__ import annotations

import pytest

from sparkify.errors import UsageError
from sparkify.warehouse.redshift.reader import only_reading

READS = [
    "SELECT 1",
    "select 'a;b' ; ",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "((SELECT 1))",
    "-- a comment; with INTO\nSELECT 1",
    "/* DELETE */ SELECT 'INTO $'",
    """SELECT "into" FROM t""",
    r"SELECT 'a\b; INTO'",
    "SELECT 'it''s'",
]
CHANGES = [
    "",
    ";",
    "-- SELECT 1",
    "DELETE FROM songs",
    "SELECT 1; DELETE FROM songs",
    "SELECT 1 INTO t",
    "SELECT * INTO TEMP t FROM songs",
    "WITH x AS (SELECT 1) DELETE FROM songs; SELECT 1",
    "CALL p()",
    "UNLOAD ('SELECT 1') TO 's3://b/x' IAM_ROLE default",
    "COPY songs FROM 's3://b/x' IAM_ROLE default",
    "SET x TO 1",
    "SELECT 'open",
    r"SELECT 'a\' ; DELETE FROM songs --'",
    "SELECT /* /* */ 1 INTO x /* */",
    "SELECT $$a$$",
    "EXPLAIN DELETE FROM songs",
    "(DELETE FROM songs)",
]


@pytest.mark.parametrize("sql", READS)
def test_what_reads_may_run(sql: str) -> None:
    assert only_reading(sql) == sql.strip().rstrip(";").rstrip()


@pytest.mark.parametrize("sql", CHANGES)
def test_what_may_change_something_may_not(sql: str) -> None:
    with pytest.raises(UsageError) as caught:
        only_reading(sql)
    assert caught.value.next_step
