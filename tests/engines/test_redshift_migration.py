"""A warehouse of schema 1 on Redshift is brought up to date, and loses nothing: the stand-in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import version_1_warehouse
from cloud.ddl import attributes
from oracle import Row
from redshift_warehouse import Cloud, cloud
from sparkify import create_tables, etl, quality, status
from sparkify.boto3_sql_util import MAX_STATEMENTS
from sparkify.errors import WarehouseError
from sparkify.retry import Backoff
from sparkify.sql_queries import STAGING_TABLES, STAR_TABLES, TABLES, VIEWS
from sparkify.sql_queries.migrating import RECREATED
from sparkify.warehouse import open_reader
from sparkify.warehouse.redshift import loader, statements

pytestmark = pytest.mark.sampled(of=3)
DATA = (*STAGING_TABLES, *STAR_TABLES)


@pytest.fixture(scope="module")
def one_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def place(one_cloud: Cloud, tmp_path: Path) -> Cloud:
    """The tables of schema 1, with all of its rows, and the sources."""
    one_cloud.empty()
    connection = one_cloud.aws.database()
    try:
        for view in reversed(VIEWS):
            connection.execute(f"DROP VIEW IF EXISTS {view}".encode())
        connection.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}".encode())
        version_1_warehouse.put_into_postgres(tmp_path, connection)
    finally:
        connection.close()
    one_cloud.put(version_1_warehouse.files())
    return one_cloud


def passes(place: Cloud) -> None:
    with open_reader(place.settings()) as reader:
        assert [one.name for one in quality.broken(quality.run(reader))] == []


def test_a_load_with_all_sources_leads_where_a_fresh_one_does(place: Cloud) -> None:
    before = len(place.aws.statements())
    report = place.load(copy_mode="compact")
    place.load_duckdb()
    ours, theirs = place.tables(), place.duckdb_tables()
    assert {name: ours[name] for name in DATA} == {name: theirs[name] for name in DATA}
    assert report["run_id"] == 4
    assert report["notes"][0].startswith("Migrated from schema 1, as run 3: 9 events and 5 songs")
    assert "5 records mended" in report["notes"][0]
    passes(place)
    sent = place.aws.statements()[before:]
    assert any("COPY mended_texts" in sql for sql in sent)
    assert place.load()["run_id"] is None


def test_it_becomes_what_it_becomes_on_duckdb(place: Cloud, tmp_path: Path) -> None:
    made = create_tables.create(place.settings())
    local = version_1_warehouse.put(tmp_path, sources=False)
    assert create_tables.create(local.settings)["notes"] == made["notes"]
    local.settings.database.rename(place.folder / "sparkify.duckdb")
    assert place.tables() == place.duckdb_tables()
    passes(place)


def test_keys_and_layout_are_declared_as_in_a_new_one(place: Cloud) -> None:
    create_tables.create(place.settings())
    migrated = described(place)
    place.empty()
    anew = described(place)
    for table in RECREATED:
        assert migrated[table] == anew[table], table


def described(place: Cloud) -> dict[str, list[tuple[str, str]]]:
    connection = place.aws.database()
    try:
        return {table: sorted(attributes(connection, table)) for table in TABLES}
    finally:
        connection.close()


def test_until_then_it_can_be_read(place: Cloud) -> None:
    with open_reader(place.settings()) as reader:
        found = status.status(reader)
        assert found["tables"]["staging_events"] == 9
        assert [run["run_id"] for run in found["runs"]] == [2, 1]
        assert len(status.rejects(reader).rows) == 12
        with pytest.raises(WarehouseError) as caught:
            quality.run(reader)
    assert "older Sparkify (schema 1" in caught.value.reason
    plan = etl.plan(place.settings()).as_json()
    assert (plan["migrates_from"], plan["files"]["new"]) == (1, 10)
    assert create_tables.rows(place.settings())["staging_events"] == 9
    with open_reader(place.settings(), for_user_sql=True) as reader:
        assert len(reader.read("SELECT * FROM etl_runs").columns) == 15
        assert len(reader.read("SELECT * FROM etl_runs").columns) == 15


def test_the_statements_are_few_enough_for_one_transaction() -> None:
    values: dict[str, str | int] = {
        "base_run": 2,
        "run_id": "3",
        "from_version": 1,
        "started_at": "2026-01-01 00:00:00",
        "mend_text": 1,
    }
    steps = statements.migration(values, "arn:aws:iam::1:role/x", {"mended": "s3://bucket/mended"})
    assert len(steps) <= MAX_STATEMENTS
    assert [step.name for step in steps[:2]] == ["lock_ledger", "create_migration"]


# All or nothing

BATCH = "redshift-data.BatchExecuteStatement"


def older(place: Cloud) -> dict[str, Counter[Row]]:
    """Every row of every table that is there."""
    connection = place.aws.database()
    try:
        names = connection.execute(
            b"SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        return {
            name: Counter(connection.execute(f"SELECT * FROM {name}".encode()).fetchall())
            for (name,) in names
        }
    finally:
        connection.close()


@pytest.mark.sampled(of=3)
@pytest.mark.parametrize(
    "match",
    ["LOCK loaded", "COPY", "RENAME", "DROP", "OR REPLACE", "INTO users", "AS failures"],
)
def test_a_failure_leaves_it_as_it_was(place: Cloud, match: str) -> None:
    before = older(place)
    fault = place.aws.faults.add("fail", "statement", match=match, message="ERROR: out of space")
    with pytest.raises(WarehouseError, match="out of space"):
        create_tables.create(place.settings())
    assert fault.struck == 1
    assert older(place) == before
    create_tables.create(place.settings())
    passes(place)


def test_a_lost_reply_is_no_failure(place: Cloud) -> None:
    place.aws.faults.add("drop_after", BATCH, match="older_events", count=3)
    made = create_tables.create(place.settings())
    assert made["notes"][0].startswith("Migrated from schema 1, as run 3")
    assert not place.aws.faults.left()
    passes(place)


def test_a_new_role_is_waited_for(place: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "role_pauses", lambda: Backoff(0.001, attempts=2))
    fault = place.aws.faults.add("not_assumable", "copy.AssumeRole", count=2)
    create_tables.create(place.settings())
    assert fault.struck == 2


def test_a_load_of_the_older_program_may_come_first(place: Cloud) -> None:
    def load() -> None:
        run(
            place,
            "INSERT INTO etl_runs SELECT 7, 'published', started_at, finished_at, 0, 0, 0,"
            " 0, 0, 0, 0, 0, 0, 0, 0 FROM etl_runs WHERE run_id = 1",
        )

    place.aws.faults.add("call", BATCH, match="older_events", call=load)
    made = create_tables.create(place.settings())
    assert made["notes"][0].startswith("Migrated from schema 1, as run 8")
    assert not place.aws.faults.left()


def test_two_migrate_at_once(place: Cloud) -> None:
    """The later one finds it done."""
    before = create_tables.create

    def other() -> None:
        before(place.settings())

    place.aws.faults.add("call", BATCH, match="older_events", call=other)
    assert create_tables.create(place.settings())["notes"][0].startswith("Migrated")
    runs = run(place, "SELECT status FROM etl_runs ORDER BY run_id")
    assert runs == [("published",), ("published",), ("migrated",)]
    passes(place)


def run(place: Cloud, sql: str) -> list[Row]:
    connection = place.aws.database()
    try:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
