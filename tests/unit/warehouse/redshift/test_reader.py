"""Reading on Redshift: which statements of users may run, what they fail on, where exports go."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from redshift_batches import KINDS, some_batch
from scripted_data_api import SETTINGS, DataApi, Heard, Ran, column
from sparkify.errors import UsageError, WarehouseError
from sparkify.progress import silent
from sparkify.sql_queries import SCHEMA_VERSION
from sparkify.warehouse.redshift.reader import (
    QueryReader,
    RedshiftReader,
    export_tables,
    only_reading,
)
from sparkify.warehouse.redshift.statements import Step, doing, rebuild

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


def reader(*ran: Ran) -> QueryReader:
    """A reader for users' statements; the tables have the version of this program."""
    api = DataApi()
    version = [[{"longValue": SCHEMA_VERSION}]]
    api.will_run(Ran(columns=[column("schema_version", "int4")], pages=[version]), *ran)
    made = QueryReader(replace(SETTINGS, engine="redshift"))
    made.connection = api.connection()
    return made


@pytest.mark.parametrize(
    "said",
    [
        'ERROR: syntax error at or near "FORM"',
        'ERROR: column "song" does not exist in songs',
        'ERROR: relation "song" does not exist',
        "ERROR: Divide by zero",
    ],
)
def test_what_is_wrong_in_a_users_statement(said: str) -> None:
    with pytest.raises(UsageError) as caught:
        reader(Ran(states=("FAILED",), error=said)).read("SELECT 1")
    assert caught.value.reason == f"the statement failed: {said.removeprefix('ERROR: ')}"


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        ("ERROR: Disk Full", "BASE_CAPACITY"),
        ("ERROR: permission denied for relation songs", "owner"),
        ("ERROR: Query (1) cancelled on user's request", "again"),
        ("ERROR: Query reached usage limit", "USAGE_LIMIT"),
    ],
)
def test_what_keeps_a_users_statement_from_running(said: str, next_step: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        reader(Ran(states=("FAILED",), error=said)).read("SELECT 1")
    assert caught.value.reason == f"the statement failed: {said.removeprefix('ERROR: ')}"
    assert next_step in caught.value.next_step


@pytest.mark.parametrize("address", ["s3://another/x", "s3://another", "s3://depot-2/x"])
def test_an_export_to_a_foreign_bucket_is_refused_before_anything_is_sent(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SimpleNamespace(work_bucket="depot", role_arn="arn:r")
    monkeypatch.setattr("sparkify.iac.resources", lambda settings: made)
    with pytest.raises(UsageError, match="another bucket than s3://depot") as caught:
        export_tables(SETTINGS, {"songs": "SELECT 1"}, address, progress=silent)
    assert "s3://depot/exports/" in caught.value.next_step


def waits(*listed: tuple[str, int]) -> list[str]:
    """What a load says that waits half a minute for the lock. listed: who runs what, since when."""
    api = DataApi()
    api.listed = [
        {"Id": "x", "StatementName": f"sparkify: lock_ledger by {who}", "CreatedAt": at}
        for who, at in listed
    ]
    api.will_run(Ran(states=("STARTED",) * 24 + ("FINISHED",)))
    heard = Heard()
    made = RedshiftReader(replace(SETTINGS, engine="redshift"), heard)
    made.connection = api.connection()
    made.run_steps([Step("lock_ledger", "LOCK load_lock"), Step("insert_songs", "SELECT 1")])
    assert len(api.asked("ListStatements")) <= 4
    return [*dict.fromkeys(told[0] for told in heard.told)]


def test_who_waits_for_another_load_reads_whose_and_since_when() -> None:
    assert waits(("me@here", 1543500000), ("alice@there", 1543499990)) == [
        "waiting for other loads",
        "waiting for the load of alice@there, begun at 13:59:50 UTC",
    ]


def test_whose_load_it_is_may_be_unknown() -> None:
    """Only statements of the same IAM role are listed."""
    assert waits(("me@here", 1543500000)) == ["waiting for other loads"]


def test_progress_is_told_in_words() -> None:
    for batch in (some_batch(KINDS, ()), some_batch(KINDS, KINDS)):
        steps = [*batch.publish(), *batch.refuse(), *batch.find_conflicts(), *rebuild()]
        words = {doing(step.name) for step in steps}
        assert words == {
            "waiting for other loads",
            "preparing tables",
            "copying",
            "looking for repeated records",
            "entering the run",
            "updating the star schema",
            "checking",
        }
    assert doing("statement 3 of 17") == doing("the statement") == "asking the warehouse"
    assert doing("waiting for the warehouse to accept") == "waiting for the warehouse to accept"
