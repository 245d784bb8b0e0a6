"""The star as Parquet files: row by row what the tables hold."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from command_line import answer
from duckdb_warehouse import Place
from oracle import Row
from sparkify import create_tables
from sparkify.errors import TooManyRejectedError, UsageError, WarehouseError
from sparkify.sql_queries import export_queries
from sparkify.warehouse import export
from worlds import recipe, world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A loaded world; not to be changed."""
    place = Place(tmp_path_factory.mktemp("export"))
    for version, files in enumerate(world(recipe(16))):
        place.write(files, version)
        with suppress(TooManyRejectedError):
            place.load()
    return place


def described(relation: str, database: str) -> tuple[list[Row], Counter[Row]]:
    """Columns with their types, and rows."""
    with duckdb.connect(database, read_only=database != ":memory:") as connection:
        found = connection.execute(f"SELECT * FROM {relation}")
        columns = [(name, str(type_)) for name, type_, *_ in found.description or []]
        return columns, Counter(found.fetchall())


def parquet(path: Path) -> tuple[list[Row], Counter[Row]]:
    return described(f"read_parquet('{path}')", ":memory:")


def test_the_files_hold_what_the_tables_hold(place: Place, tmp_path: Path) -> None:
    steps = []
    folder = tmp_path / "new" / "folder's"
    done = export(
        place.settings, folder, progress=lambda step, done, total, unit: steps.append((step, done))
    )
    files = {table: folder / f"{table}.parquet" for table in export_queries}
    assert done == {
        "folder": str(folder),
        "files": {table: str(path) for table, path in files.items()},
    }
    assert sorted(folder.iterdir()) == sorted(files.values())
    for number, table in enumerate(export_queries):
        columns, rows = described(table, str(place.settings.database))
        copy = tmp_path / "copy.parquet"
        copy.write_bytes(files[table].read_bytes())
        assert parquet(copy) == (columns, rows)
        assert rows, f"{table} has no rows to compare"
        assert steps[number] == (f"exporting {table}", number)


def test_an_export_replaces_the_one_before(place: Place, tmp_path: Path) -> None:
    (tmp_path / "users.parquet").write_bytes(b"old")
    (tmp_path / "mine.txt").write_text("mine")
    export(place.settings, tmp_path)
    _, rows = described("users", str(place.settings.database))
    assert parquet(tmp_path / "users.parquet")[1] == rows
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_empty_tables_become_files_with_their_columns(tmp_path: Path) -> None:
    place = Place(tmp_path)
    create_tables.create(place.settings)
    export(place.settings, tmp_path / "out")
    for table in export_queries:
        columns, rows = described(table, str(place.settings.database))
        assert parquet(tmp_path / "out" / f"{table}.parquet") == (columns, rows)
        assert not rows


def test_a_folder_that_is_a_file(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/below"):
        with pytest.raises(UsageError, match=r"file is a file|cannot be written: Not a") as caught:
            export(place.settings, tmp_path / folder)
        assert caught.value.next_step


def test_a_folder_in_the_way_of_a_file(place: Place, tmp_path: Path) -> None:
    (tmp_path / "songs.parquet").mkdir()
    with pytest.raises(UsageError, match=r"songs.parquet is a folder"):
        export(place.settings, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["songs.parquet"]


@pytest.mark.parametrize("address", ["", " ", "s3://bucket/star", "s3:bucket"])
def test_an_address_that_is_no_folder(
    address: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        export(place.settings, address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), WarehouseError("full")])
def test_an_export_that_fails_half_way_leaves_the_one_before(
    error: BaseException, place: Place, tmp_path: Path
) -> None:
    for name in ("songplays.parquet", "users.parquet", "users.2.parquet", "time.txt"):
        (tmp_path / name).write_text("before")

    def fail(step: str, done: int, total: int | None, unit: str) -> None:
        if done == len(export_queries) - 1:
            raise error

    with pytest.raises(type(error)):
        export(place.settings, tmp_path, progress=fail)
    assert len(list(tmp_path.iterdir())) == 4
    assert all(path.read_text() == "before" for path in tmp_path.iterdir())


def test_what_was_exported_in_more_files_than_now_is_gone(place: Place, tmp_path: Path) -> None:
    """As from Redshift: else a tool that reads `users*.parquet` would read both exports."""
    for name in ("users.2.parquet", "users.old.parquet", "songs.12.parquet"):
        (tmp_path / name).write_text("before")
    export(place.settings, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "users.old.parquet",
        *(f"{table}.parquet" for table in export_queries),
    }


def test_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no warehouse"):
        export(Place(tmp_path).settings, tmp_path / "out")


def test_the_command_does_it(place: Place, tmp_path: Path) -> None:
    done = answer("export", str(tmp_path / "out"), "--database", str(place.settings.database))
    assert list(done["files"]) == list(export_queries)
    assert all(Path(path).stat().st_size for path in done["files"].values())
