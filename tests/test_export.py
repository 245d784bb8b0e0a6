"""The star as Parquet files: row by row what the tables hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from command_line import answer
from loading import Place
from oracle import Row
from sparkify import create_tables
from sparkify.errors import UsageError, WarehouseError
from sparkify.export import export
from sparkify.sql_queries import STAR_TABLES
from worlds import recipe, world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A loaded world; not to be changed."""
    place = Place(tmp_path_factory.mktemp("export"))
    for version, files in enumerate(world(recipe(16))):
        place.write(files, version)
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
    files = {table: folder / f"{table}.parquet" for table in STAR_TABLES}
    assert done == {
        "folder": str(folder),
        "files": {table: str(path) for table, path in files.items()},
    }
    assert sorted(folder.iterdir()) == sorted(files.values())
    for number, table in enumerate(STAR_TABLES):
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
    for table in STAR_TABLES:
        columns, rows = described(table, str(place.settings.database))
        assert parquet(tmp_path / "out" / f"{table}.parquet") == (columns, rows)
        assert not rows


def test_a_folder_that_cannot_be_made(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be made") as caught:
        export(place.settings, tmp_path / "file")
    assert caught.value.next_step


def test_a_file_that_cannot_be_written(place: Place, tmp_path: Path) -> None:
    (tmp_path / "songplays.parquet").mkdir()
    with pytest.raises(WarehouseError, match="export_table"):
        export(place.settings, tmp_path)


def test_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no warehouse"):
        export(Place(tmp_path).settings, tmp_path / "out")


def test_the_command_does_it(place: Place, tmp_path: Path) -> None:
    done = answer("export", str(tmp_path / "out"), "--database", str(place.settings.database))
    assert list(done["files"]) == list(STAR_TABLES)
    assert all(Path(path).stat().st_size for path in done["files"].values())
