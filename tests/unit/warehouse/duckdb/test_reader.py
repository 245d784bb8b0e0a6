"""The DuckDB file opened for reading: what it answers, what it refuses, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify import create_tables
from sparkify.config import Settings
from sparkify.errors import UsageError, WarehouseError
from sparkify.progress import silent
from sparkify.sql_queries import SCHEMA_VERSION, TABLES
from sparkify.table import Table
from sparkify.warehouse import (
    open_reader,
    open_warehouse,
    read_ledger,
)
from sparkify.warehouse.duckdb import connection
from sparkify.warehouse.duckdb.connection import close, connect, failures, options
from sparkify.warehouse.duckdb.reader import DuckDBReader, export_tables

INSERT_FILE = (
    "INSERT INTO loaded_files (uri, kind, size, fingerprint, run_id, records_read)"
    " VALUES ('{}', 'events', 1, '{}', {}, {})"
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse with empty tables; not to be changed."""
    settings = Settings(database=tmp_path_factory.mktemp("reading") / "sparkify.duckdb", threads=1)
    create_tables.create(settings)
    return settings


@pytest.fixture
def reader(settings: Settings) -> Iterator[DuckDBReader]:
    with open_reader(settings) as found:
        assert isinstance(found, DuckDBReader)
        yield found


@pytest.fixture
def query_reader(settings: Settings) -> Iterator[DuckDBReader]:
    with open_reader(settings, for_user_sql=True) as found:
        assert isinstance(found, DuckDBReader)
        yield found


def change(settings: Settings, *statements: str) -> None:
    with duckdb.connect(str(settings.database)) as connection:
        for statement in statements:
            connection.execute(statement)


# Opening


def test_folders_of_the_database_are_made(tmp_path: Path) -> None:
    database = tmp_path / "new" / "deep" / "sparkify.duckdb"
    create_tables.create(Settings(database=database, threads=1))
    assert list(database.parent.iterdir()) == [database]


# Reading


def test_rows_with_their_columns(reader: DuckDBReader) -> None:
    found = reader.read("SELECT 1 AS one, NULL AS nothing, 'x' AS x UNION ALL SELECT 2, 3, 'y'")
    assert found == Table(("one", "nothing", "x"), [(1, None, "x"), (2, 3, "y")])
    assert reader.read("SELECT user_id FROM users") == Table(("user_id",), [])


def test_moment_with_a_time_zone_that_a_question_asks_for(reader: DuckDBReader) -> None:
    sql = "SELECT {} AS moment, 1 AS one"
    found = reader.read(sql.format("TIMESTAMPTZ '2018-11-02 03:04:05+02'"))
    assert found == Table(("moment", "one"), [(datetime(2018, 11, 2, 1, 4, 5, tzinfo=UTC), 1)])
    assert reader.read(sql.format("TIMESTAMPTZ 'infinity'")).rows == [("infinity", 1)]


def test_failed_statement_is_named(reader: DuckDBReader) -> None:
    with pytest.raises(WarehouseError, match=r"SELECT \* FROM nothing: Catalog Error: .*nothing"):
        reader.read("SELECT * FROM nothing")
    assert reader.read("SELECT 7 AS x").rows == [(7,)]


def test_failed_statement_is_named_in_short(reader: DuckDBReader) -> None:
    columns = ",\n    ".join(f"column_{number:02}" for number in range(40))
    with pytest.raises(WarehouseError) as caught:
        reader.read(f"SELECT\n    {columns}\nFROM users")
    named = "SELECT column_00, column_01, column_02, column_03, column_04, ..."
    assert caught.value.reason.startswith(f"{named}: Binder Error: ")


def test_reader_cannot_write(reader: DuckDBReader) -> None:
    with pytest.raises(WarehouseError, match="read-only"):
        reader.read("DELETE FROM users")


def test_tables_are_named(reader: DuckDBReader) -> None:
    assert reader.tables() == sorted(TABLES)


def test_ledger_lists_versions_by_run(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=1)
    assert read_ledger(settings) == {}
    assert list(tmp_path.iterdir()) == []
    change(settings, "CREATE TABLE other (x INTEGER)")
    assert read_ledger(settings) == {}
    create_tables.create(settings)
    change(
        settings,
        INSERT_FILE.format("/b", "9-1", 2, "NULL"),
        INSERT_FILE.format("/a", "1-5", 2, 7),
        INSERT_FILE.format("/a", "3-4", 1, 8),
    )
    assert read_ledger(settings) == {
        "/a": (("/a", "3-4", 8), ("/a", "1-5", 7)),
        "/b": (("/b", "9-1", None),),
    }


def test_export_writes_parquet(settings: Settings, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    folder = str(tmp_path / "it's out")
    names = {"users": "SELECT user_id FROM users", "time": "SELECT hour FROM time"}
    files = export_tables(settings, names, folder, wait=1, progress=lambda *one: told.append(one))
    assert files == {name: f"{folder}/{name}.parquet" for name in names}
    for path in files.values():
        assert duckdb.read_parquet(path).fetchall() == []
    assert told == [("exporting users", 0, 2, "tables"), ("exporting time", 1, 2, "tables")]


def test_export_that_cannot_be_written(reader: DuckDBReader, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"writing users\.parquet: "):
        reader.export("SELECT user_id FROM users", tmp_path / "no such folder" / "users.parquet")


# Statements of users


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS plays FROM songplays",
        "SELECT count(*) AS plays FROM songplays;",
        "-- how many?\nSELECT count(*) AS plays FROM songplays ; -- so many",
        "WITH x AS (SELECT * FROM songplays) SELECT count(*) AS plays FROM x",
        "FROM songplays SELECT count(*) AS plays",
    ],
)
def test_user_reads(query_reader: DuckDBReader, sql: str) -> None:
    assert query_reader.read(sql) == Table(("plays",), [(0,)])


def test_user_may_ask_what_there_is(query_reader: DuckDBReader) -> None:
    assert len(query_reader.read("DESCRIBE users").rows) == 5
    assert query_reader.read("EXPLAIN SELECT 1").rows


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", "there is no statement to run"),
        ("   -- nothing", "there is no statement to run"),
        ("SELECT 1; SELECT 2", "one statement is expected, not 2"),
        ("SELEC 1", "not SQL that DuckDB reads"),
        ("SELECT * FROM nothing", "^Catalog Error: Table with name nothing does not exist!"),
        ("SELECT * FROM user_", "Did you mean .*users"),
        ("SELECT\n  usr_id\nFROM users", "^Binder Error: .*usr_id.* Candidate bindings: .*user_id"),
        ("SELECT 'x", "not SQL that DuckDB reads"),
        ("SELECT $1", "Values were not provided"),
        ("DELETE FROM users", "DELETE is not a SELECT"),
        ("INSERT INTO users VALUES (1, '', '', '', 'free')", "INSERT is not a SELECT"),
        ("UPDATE users SET level = 'paid'", "UPDATE is not a SELECT"),
        ("DROP TABLE users", "DROP is not a SELECT"),
        ("CREATE TABLE mine AS SELECT 1 AS x", "CREATE is not a SELECT"),
        ("CREATE OR REPLACE VIEW songs AS SELECT 1 AS x", "CREATE is not a SELECT"),
        ("COPY users TO 'users.csv'", "COPY is not a SELECT"),
        ("EXPORT DATABASE 'all'", "EXPORT is not a SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "Cannot access file"),
        ("SELECT * FROM read_text('/etc/passwd')", "Cannot access file"),
        ("SELECT * FROM '/etc/passwd'", "does not exist"),
        ("SELECT * FROM glob('/etc/*')", "Cannot access file"),
        ("ATTACH 'other.duckdb'", "ATTACH is not a SELECT"),
        ("INSTALL httpfs", "LOAD is not a SELECT"),
        ("LOAD httpfs", "LOAD is not a SELECT"),
        ("SET enable_external_access = true", "SET is not a SELECT"),
        ("SET lock_configuration = false", "SET is not a SELECT"),
        ("RESET enable_external_access", "SET is not a SELECT"),
        ("PRAGMA memory_limit = '1GB'", "SET is not a SELECT"),
    ],
)
def test_user_can_do_nothing_else(
    query_reader: DuckDBReader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sql: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=words):
        query_reader.read(sql)
    assert list(tmp_path.rglob("*")) == []
    assert query_reader.read("SELECT count(*) FROM users").rows == [(0,)]
    assert query_reader.tables() == sorted(TABLES)


@pytest.mark.parametrize(
    ("sql", "next_step"),
    [
        ("SELECT * FROM nothing", "`sparkify status` lists the tables"),
        ("SELECT nothing FROM users", "`sparkify sql TABLE` the columns"),
        ("DELETE FROM users", "can do nothing else"),
        ("COPY users TO 'users.csv'", "can do nothing else"),
        ("", "`sparkify status` lists the tables"),
        ("SELECT * FROM read_text('/etc/passwd')", "can do nothing else"),
        ("SELECT CAST('a' AS INTEGER)", "^$"),
    ],
)
def test_advice_fits_what_is_wrong(query_reader: DuckDBReader, sql: str, next_step: str) -> None:
    with pytest.raises(UsageError) as caught:
        query_reader.read(sql)
    assert re.search(next_step, caught.value.next_step)


def test_what_is_wrong_is_told_in_one_line_without_the_place(query_reader: DuckDBReader) -> None:
    with pytest.raises(UsageError) as caught:
        query_reader.read("SELECT\n  usr_id\nFROM users")
    assert "LINE" not in caught.value.reason
    assert "\n" not in caught.value.reason


def test_the_engine_is_shut_and_locked_for_users(query_reader: DuckDBReader) -> None:
    """The second wall, behind what is let through."""
    names = "enable_external_access", "lock_configuration"
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    assert query_reader.read(f"SELECT {asked}").rows == [(False, True)]


# Opening


def test_a_database_where_none_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(database=tmp_path / "file/sparkify.duckdb")
    with pytest.raises(WarehouseError) as caught, open_warehouse(settings):
        pass
    assert re.search(r"cannot be opened: (File exists|Not a directory)$", caught.value.reason)


def test_no_warehouse_yet(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match="there is no warehouse") as caught,
        open_reader(Settings(database=tmp_path / "sparkify.duckdb")),
    ):
        pass
    assert "sparkify etl" in caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_database_without_tables(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=1)
    change(settings, "CREATE TABLE other (x INTEGER)")
    with pytest.raises(WarehouseError, match="holds no Sparkify tables"), open_reader(settings):
        pass


def test_newer_schema_is_refused(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=1)
    create_tables.create(settings)
    change(settings, f"UPDATE warehouse_info SET schema_version = {SCHEMA_VERSION + 1}")
    for open_it in (open_reader, open_warehouse):
        with pytest.raises(WarehouseError, match="newer Sparkify") as caught, open_it(settings):
            pass
        words = f"schema {SCHEMA_VERSION + 1}; this one knows {SCHEMA_VERSION}"
        assert words in caught.value.reason
    with pytest.raises(WarehouseError, match="newer Sparkify"):
        read_ledger(settings)


def test_schema_that_no_program_made_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=1)
    create_tables.create(settings)
    change(settings, "UPDATE warehouse_info SET schema_version = 0")
    before = settings.database.read_bytes()
    for open_it in (open_reader, open_warehouse):
        with pytest.raises(WarehouseError, match="schema 0, which") as caught, open_it(settings):
            pass
        assert f"it knows 1 to {SCHEMA_VERSION}" in caught.value.reason
        assert "another database" in caught.value.next_step
    assert settings.database.read_bytes() == before


def test_version_that_is_not_there_is_this_one(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=1)
    create_tables.create(settings)
    change(settings, "DELETE FROM warehouse_info")
    with open_reader(settings) as reader:
        assert reader.read("SELECT * FROM users").rows == []


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_text(path: Path) -> None:
    path.write_text("no database")


def make_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "nothing" / "below")


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (make_empty, "an empty file"),
        (make_folder, "a folder"),
        (make_text, "a file of another kind"),
    ],
)
def test_what_is_no_database(tmp_path: Path, make: Callable[[Path], None], what: str) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb")
    make(settings.database)
    with pytest.raises(WarehouseError, match="cannot be opened: ") as caught, open_reader(settings):
        pass
    assert "\n" not in caught.value.reason
    assert f"it is no DuckDB database, but {what}" in caught.value.reason
    assert caught.value.next_step.startswith("Name another file with --database")
    with pytest.raises(WarehouseError, match="cannot be opened: "):
        read_ledger(settings)


def test_damaged_head_of_a_database_is_told_as_damage(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb")
    with open_warehouse(settings) as warehouse:
        warehouse.create_tables()
    content = bytearray(settings.database.read_bytes())
    content[4096 + 100] ^= 1
    content[8192 + 100] ^= 1
    settings.database.write_bytes(content)
    with pytest.raises(WarehouseError, match="cannot be opened: ") as caught, open_reader(settings):
        pass
    assert "is damaged" in caught.value.next_step


def test_writer_below_a_dangling_link(tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "sparkify.duckdb")
    make_dangling_link(settings.database)
    with pytest.raises(WarehouseError, match="cannot be opened: "), open_warehouse(settings):
        pass


def test_new_database_has_its_name_only_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed while a database is made leaves none that cannot be opened."""
    settings = Settings(database=tmp_path / "sparkify.duckdb", threads=1)
    made: list[Path] = []
    make = duckdb.connect

    def watch(path: str, **rest: Any) -> duckdb.DuckDBPyConnection:
        if not Path(path).exists():
            made.append(Path(path))
        return make(path, **rest)

    monkeypatch.setattr(duckdb, "connect", watch)
    with open_warehouse(settings):
        assert len(made) == 1
        assert made[0].parent.parent == tmp_path
        assert made[0].parent.name.startswith(".sparkify-")
    with open_warehouse(settings):
        assert len(made) == 1
    assert list(tmp_path.iterdir()) == [settings.database]


@pytest.mark.parametrize(
    ("limit", "threads"),
    [
        ("", None),
        ("128MB", 1),
        ("399.9MB", 1),
        ("400MB", None),
        ("1GB", None),
        ("0.3 GiB", 1),
        ("399999kb", 1),
        ("400000KB", None),
        ("40%", None),
        ("0.1TB", None),
    ],
)
def test_little_memory_is_for_one_thread(limit: str, threads: int | None) -> None:
    chosen = options(Settings(memory_limit=limit))
    assert chosen.get("threads") == threads
    assert chosen.get("memory_limit", "") == limit
    assert options(Settings(memory_limit=limit, threads=3))["threads"] == 3


def test_settings_of_the_engine_are_applied(settings: Settings) -> None:
    wanted = replace(settings, memory_limit="128MB", threads=1)
    connection = connect(wanted, read_only=True, wait=0, progress=silent)
    with connection:
        found = connection.execute(
            "SELECT current_setting('memory_limit'), current_setting('threads'),"
            " current_setting('preserve_insertion_order')"
        ).fetchone()
    assert found == ("122.0 MiB", 1, False)


@pytest.mark.parametrize("read_only", [True, False])
def test_session_is_in_utc_wherever_the_machine_stands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    make = duckdb.connect

    def in_tokyo(path: str, **rest: Any) -> duckdb.DuckDBPyConnection:
        made = make(path, **rest)
        made.execute("SET TimeZone = 'Asia/Tokyo'")
        return made

    monkeypatch.setattr(duckdb, "connect", in_tokyo)
    with connect(settings, read_only=read_only, wait=0, progress=silent) as connection:
        assert connection.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


def test_senseless_memory_limit_is_an_error(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match=r"cannot be opened: .*Memory"):
        connect(replace(settings, memory_limit="little"), read_only=True, wait=0, progress=silent)


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (duckdb.InterruptException("INTERRUPT Error"), KeyboardInterrupt, "^$"),
        (RuntimeError("Query interrupted"), KeyboardInterrupt, "^$"),
        (RuntimeError("something else"), RuntimeError, "something else"),
        (duckdb.OutOfMemoryException("no more\nat all"), WarehouseError, "^loading: no more$"),
        (duckdb.IOException("disk full"), WarehouseError, "^loading: disk full$"),
        (duckdb.FatalException("invalidated"), WarehouseError, "^loading: invalidated$"),
        (duckdb.TransactionException("conflict"), WarehouseError, "^loading: conflict$"),
        (duckdb.BinderException("no column"), WarehouseError, "^loading: no column$"),
        (
            UnicodeDecodeError("utf-8", b"cut \xc3", 4, 5, ""),
            WarehouseError,
            "^loading: cut \ufffd$",
        ),
        (
            OSError(28, "No space left", "/tmp/x"),
            WarehouseError,
            "^loading: No space left: /tmp/x$",
        ),
        (OSError(28, "No space left"), WarehouseError, "^loading: No space left$"),
        (ValueError("a bug"), ValueError, "a bug"),
        (UsageError("as it is"), UsageError, "as it is"),
    ],
)
def test_errors_of_the_engine_become_ours(
    error: Exception, expected: type[BaseException], words: str
) -> None:
    with pytest.raises(expected, match=words), failures("loading"):
        raise error


def test_next_steps_of_failures() -> None:
    for error, step in (
        (duckdb.BinderException(""), "^$"),
        (duckdb.OutOfMemoryException(""), "MEMORY_LIMIT"),
        (duckdb.IOException(""), "disk's free space"),
        (duckdb.FatalException(""), "disk's free space"),
        (duckdb.TransactionException(""), "disk's free space"),
        (OSError(28, "x"), "TMPDIR"),
    ):
        with pytest.raises(WarehouseError) as caught, failures("loading"):
            raise error
        assert re.search(step, caught.value.next_step)


class Busy:
    """A connection whose call goes on for a while. calls: what was asked of it."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.calls: list[str] = []

    def close(self) -> None:
        self.calls.append("close")
        if self.refusals >= self.calls.count("close"):
            raise duckdb.ResourceInUseException("connection is busy with another call")

    def interrupt(self) -> None:
        self.calls.append("interrupt")


def test_a_call_that_a_signal_cut_short_may_take_a_moment_to_end() -> None:
    busy: Any = Busy(refusals=2)
    close(busy)
    assert busy.calls == ["close", "interrupt", "close", "interrupt", "close"]


def test_a_call_that_does_not_end_hides_no_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_CLOSING_SECONDS", 0.0)
    busy: Any = Busy(refusals=99)
    close(busy)
    assert busy.calls.count("close") < 99
