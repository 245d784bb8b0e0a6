"""Other people's files and databases are left as they are; a machine may have no home."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from command_line import PROGRAM, answer, failure, write_sources
from sampling import chosen
from sparkify import create_tables
from sparkify.config import Settings
from sparkify.errors import WarehouseError
from sparkify.sql_queries import TABLES, VIEWS
from sparkify.warehouse import open_reader, open_warehouse, read_ledger, schema_version

WRITING = (["etl"], ["etl", "--rebuild"], ["create-tables"], ["create-tables", "--drop", "--yes"])
READING = (["etl", "--dry-run"], ["query", "SELECT 1"], ["ask"], ["status"], ["export", "out"])
DATABASE = Path("sparkify.duckdb")
SETTINGS = Settings(database=DATABASE, threads=1)
USER = 54321


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with sources in it; the home is another, empty one."""
    (tmp_path / "home").mkdir()
    (tmp_path / "place").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "place")
    write_sources(tmp_path / "place")
    return tmp_path / "place"


def content(folder: Path) -> dict[str, bytes]:
    """Every path below a folder with its bytes."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def refused() -> WarehouseError:
    """Open the database in every way that there is; it is refused in the same words."""
    errors = []
    for open_it in (open_warehouse, open_reader, a_plan):
        with pytest.raises(WarehouseError) as caught, open_it(SETTINGS):
            pass
        errors.append(caught.value)
    assert len({error.reason for error in errors}) == 1
    return errors[0]


@contextmanager
def a_plan(settings: Settings) -> Iterator[None]:
    """What `etl --dry-run` looks at."""
    read_ledger(settings)
    yield


# Files that are no DuckDB database


def an_sqlite_database() -> None:
    with sqlite3.connect(DATABASE) as connection:
        connection.execute("CREATE TABLE users (user_id)")
    connection.close()


def a_parquet_file() -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1) TO '{DATABASE}' (FORMAT parquet)")


def a_part_of_a_database(size: int) -> Callable[[], None]:
    def make() -> None:
        with duckdb.connect(str(DATABASE)) as connection:
            connection.execute("CREATE TABLE one AS SELECT range FROM range(100000)")
        os.truncate(DATABASE, size)

    return make


def of(data: bytes) -> Callable[[], None]:
    def make() -> None:
        DATABASE.write_bytes(data)

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (an_sqlite_database, "it is no DuckDB database, but an SQLite database"),
        (a_parquet_file, "it is no DuckDB database, but a Parquet file"),
        (DATABASE.mkdir, "it is no DuckDB database, but a folder"),
        (lambda: os.mkfifo(DATABASE), "it is no DuckDB database, but no regular file"),
        (of(b""), "it is no DuckDB database, but an empty file"),
        (of(b"hi"), "it is no DuckDB database, but a file of another kind"),
        (of(b'{"page": "Home"}\n'), "it is no DuckDB database, but a file of another kind"),
        (of(b"a,b\n1,2\n"), "it is no DuckDB database, but a file of another kind"),
        (of(bytes(20_000)), "it is no DuckDB database, but a file of another kind"),
        (a_part_of_a_database(100), "Could not read enough bytes"),
        (a_part_of_a_database(12_288), "Could not read enough bytes"),
    ],
)
def test_a_file_that_is_no_database_is_left_alone(
    tmp_path: Path, make: Callable[[], None], words: str
) -> None:
    make()
    before = content(tmp_path)
    error = refused()
    assert words in error.reason
    assert "--database" in error.next_step
    assert content(tmp_path) == before


def test_every_command_leaves_a_file_that_is_no_database_alone(tmp_path: Path) -> None:
    an_sqlite_database()
    before = content(tmp_path)
    for command in (*WRITING, *READING, ["doctor"]):
        error = failure(*command)
        assert error["exit_code"] == 5
        assert command == ["doctor"] or "it is no DuckDB database" in error["reason"]
    assert content(tmp_path) == before


def test_no_connection_fetches_an_extension(place: Path) -> None:
    assert answer("etl", "--no-answers")["run_id"] == 1
    asked = ", ".join(
        f"current_setting('auto{what}_known_extensions')" for what in ("install", "load")
    )
    assert answer("query", f"SELECT {asked}")["rows"] == [[False, False]]
    assert "spatial" in failure("query", "SELECT * FROM st_read('x')")["reason"]
    assert content(place.parent / "home") == {}


# Databases that have tables of our names


def change(*statements: str) -> None:
    with duckdb.connect(str(DATABASE)) as connection:
        for statement in statements:
            connection.execute(statement)


def schema() -> list[tuple[str, str]]:
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        return connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns ORDER BY ALL"
        ).fetchall()


@pytest.mark.sampled(of=6)
@pytest.mark.parametrize("name", [*TABLES, *VIEWS, "new_events", "new_songs", "Users"])
@pytest.mark.parametrize("kind", ["TABLE", "VIEW"])
def test_tables_of_our_names_are_left_alone(name: str, kind: str) -> None:
    change(f"CREATE {kind} {name} AS SELECT 7 AS x", "CREATE TABLE orders AS SELECT 7 AS x")
    before = DATABASE.read_bytes()
    error = refused()
    assert f"under names that Sparkify needs: {name.lower()};" in error.reason
    assert error.details == {"tables": [name.lower()]}
    assert "--database" in error.next_step
    assert DATABASE.read_bytes() == before


def test_every_command_leaves_tables_of_our_names_alone() -> None:
    change("CREATE TABLE users AS SELECT 7 AS x", "CREATE VIEW songs AS SELECT 7 AS x")
    before = DATABASE.read_bytes()
    for command in (*WRITING, *READING, ["doctor"]):
        error = failure(*command)
        assert error["exit_code"] == 5
        assert command == ["doctor"] or "needs: songs, users;" in error["reason"]
    assert DATABASE.read_bytes() == before


@pytest.mark.parametrize(
    "columns",
    [
        "id INTEGER, name VARCHAR",
        "schema_version INTEGER, owner VARCHAR",
        "schema_version VARCHAR",
    ],
)
def test_a_warehouse_info_of_somebody_else(columns: str) -> None:
    values = "'a'" if columns == "schema_version VARCHAR" else "1, 'a'"
    change(
        f"CREATE TABLE warehouse_info ({columns})", f"INSERT INTO warehouse_info VALUES ({values})"
    )
    before = DATABASE.read_bytes()
    assert "needs: warehouse_info;" in refused().reason
    assert DATABASE.read_bytes() == before


def test_ours_stand_beside_other_tables() -> None:
    change("CREATE SCHEMA other", "CREATE TABLE other.users AS SELECT 7 AS x")
    change("CREATE TABLE orders AS SELECT 7 AS x", "CREATE VIEW ordered AS SELECT x FROM orders")
    assert answer("etl", "--no-answers")["run_id"] == 1
    assert answer("create-tables", "--drop", "--yes")["tables"]["users"] == 0
    assert answer("query", "SELECT orders.x FROM orders, other.users, ordered")["rows"] == [[7]]
    assert {name for name, _ in schema()} == {*TABLES, *VIEWS, "orders", "ordered", "users"}


def test_version_1_is_ours_but_not_what_came_after_it() -> None:
    ours = [("warehouse_info", "schema_version"), ("users", "")]
    assert schema_version.holds_warehouse(ours, "x", "y")
    for name in ("newest_plays", "load_lock", "sessions"):
        with pytest.raises(WarehouseError, match=f"needs: {name};"):
            schema_version.holds_warehouse([*ours, (name, "")], "x", "y")
    assert not schema_version.holds_warehouse([("orders", "")], "x", "y")
    assert not schema_version.holds_warehouse([], "x", "y")


def test_what_tells_ours_is_what_is_made() -> None:
    create_tables.create(SETTINGS)
    made = {column for name, column in schema() if name == "warehouse_info"}
    assert made == schema_version.COLUMNS
    assert len(made) == 7


# Machines without a home


def without_home(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user who has no entry in the passwd file, and without HOME.

    This user may read everything, because the program may stand in root's folders, but write
    nothing that belongs to others.
    """
    started = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    started += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return subprocess.run(
        [*started, *PROGRAM, *words],
        cwd=place,
        env={
            "PATH": os.defpath,
            "TMPDIR": str(place.parent / "temporary"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of this user, with sources in it, beside one for temporary files."""
    if os.getuid() or not shutil.which("setpriv"):
        pytest.skip("only root can become a user without a home, by setpriv")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in ("place", "temporary"):
            (Path(folder) / name).mkdir()
            os.chown(Path(folder) / name, USER, USER)
        write_sources(Path(folder) / "place")
        yield Path(folder) / "place"


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["create-tables"], {"sparkify.duckdb"}),
        (["etl", "--dry-run"], set()),
        (["generate", "more", "--songs", "30", "--users", "3", "--days", "2"], {"more"}),
        (["inspect", "data"], set()),
        (["sql"], set()),
    ],
)
def test_a_new_place_without_a_home(theirs: Path, words: list[str], made: set[str]) -> None:
    done = without_home(theirs, *words)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in theirs.iterdir()} == {"data", *made}
    assert content(theirs.parent / "temporary") == {}


AFTER_A_LOAD = [
    *("ask", "check", "query 'SELECT now()'", "rejects", "status", "doctor", "report"),
    *("export out", "export ~/out", "etl --rebuild", "create-tables --drop --yes"),
]


def test_every_command_without_a_home(theirs: Path, seed: int | None) -> None:
    lines = ["etl", *chosen(AFTER_A_LOAD, 3, seed)]
    for line in lines:
        done = without_home(theirs, *shlex.split(line))
        assert done.returncode == 0, (line, done.stderr)
    makes = {"etl": "sparkify.duckdb", "report": "report.html", "export out": "out"}
    makes |= {"export ~/out": "~"}
    made = {makes[line] for line in lines if line in makes}
    assert {path.name for path in theirs.iterdir()} == {"data", *made}
    for folder in {"~/out", "out"} & {line.removeprefix("export ") for line in lines}:
        assert {path.suffix for path in (theirs / folder).iterdir()} == {".parquet"}
        assert len(list((theirs / folder).iterdir())) > 4
    if "report" in lines:
        assert "vegaEmbed" in (theirs / "report.html").read_text(encoding="utf-8")
    assert content(theirs.parent / "temporary") == {}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("iac status", 3),
        ("iac plan", 3),
        ("status --engine redshift", 3),
        ("etl --log-data ~/logs", 3),
        ("query 'SELECT 1' --database ~/a.duckdb", 3),
        ("inspect ~/logs", 4),
        ("inspect ~nobody-such/logs", 4),
    ],
)
def test_what_a_home_is_needed_for_is_told(theirs: Path, line: str, code: int) -> None:
    done = without_home(theirs, *shlex.split(line))
    assert done.returncode == code, done.stderr
    assert "Error: " in done.stderr
    assert "bug" not in done.stderr
