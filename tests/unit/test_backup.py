"""A backup of a warehouse, and the way back."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from broken_rules import LOADS
from duckdb_warehouse import Place
from small_world import state
from sparkify import backup, create_tables, etl, quality
from sparkify.config import Settings
from sparkify.errors import BusyError, SourceError, UsageError
from sparkify.sql_queries import TABLES, backup_queries
from sparkify.warehouse import open_reader


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two loads with rejects, and a backup of them in `back`; not to be changed."""
    place = Place(tmp_path_factory.mktemp("backup"))
    for version, files in enumerate(LOADS):
        place.write(files, version)
        place.load()
    backup.write(place.settings, place.folder / "back")
    return place


def test_a_backup_comes_back_row_by_row(place: Place, tmp_path: Path) -> None:
    new = replace(place.settings, database=tmp_path / "new.duckdb")
    done = backup.restore(new, place.folder / "back")
    assert rows_of(new) == rows_of(place.settings)
    assert done["tables"] == create_tables.rows(place.settings)
    with open_reader(new) as reader:
        assert not quality.broken(quality.run(reader))
    assert etl.load(new, answers=False).run_id is None


def test_files_at_another_address_are_found_staged(place: Place, tmp_path: Path) -> None:
    moved = shutil.copytree(place.folder, tmp_path / "moved")
    new = replace(Place(moved).settings, database=tmp_path / "new.duckdb")
    backup.restore(new, place.folder / "back")
    before = create_tables.rows(new)
    report = etl.load(new, answers=False)
    assert report.counts["songs"].staged == report.counts["events"].staged == 0
    assert report.counts["events"].duplicates > 0
    after = create_tables.rows(new)
    assert {table for table in TABLES if after[table] != before[table]} <= {
        "loaded_files",
        "rejected_records",
        "etl_runs",
    }


def test_a_warehouse_that_holds_something_is_left_alone(place: Place) -> None:
    before = state(place.folder)
    with pytest.raises(UsageError, match="staging_events has 7 rows"):
        backup.restore(place.settings, place.folder / "back")
    assert state(place.folder) == before


def rows_of(settings: Settings) -> dict[str, Counter[Any]]:
    """Every row of every table."""
    with open_reader(settings) as reader:
        return {table: Counter(reader.read(sql).rows) for table, sql in backup_queries.items()}


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _cut(folder: Path) -> None:
    path = folder / "songplays.parquet"
    path.write_bytes(path.read_bytes()[:-100])


def _of_version(version: int) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        contents = json.loads((folder / "backup.json").read_text())
        (folder / "backup.json").write_text(json.dumps(contents | {"schema_version": version}))

    return change


def _rewritten(table: str, change: str) -> Callable[[Path], object]:
    def rewrite(folder: Path) -> None:
        path = folder / f"{table}.parquet"
        with duckdb.connect() as engine:
            engine.execute(f"CREATE TABLE t AS FROM '{path}'")
            engine.execute(change)
            engine.execute(f"COPY t TO '{path}' (FORMAT PARQUET)")

    return rewrite


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without("backup.json"), "holds no backup"),
        (lambda folder: (folder / "backup.json").write_text("{"), "cannot be read"),
        (_without("songs.parquet"), "lacks songs"),
        (_cut, "songplays.parquet cannot be taken"),
        (_of_version(1), "schema version 1; this program has 2"),
        (_of_version(3), "schema version 3; this program has 2"),
        (_rewritten("users", "DELETE FROM t WHERE user_id = 7"), "users has 3 rows"),
        (_rewritten("songplays", "UPDATE t SET level = 'free'"), "breaks a check"),
        (_rewritten("songs", "ALTER TABLE t RENAME title TO name"), "cannot be taken"),
    ],
    ids=["none", "broken", "lacking", "cut", "older", "newer", "fewer", "changed", "renamed"],
)
def test_what_is_no_whole_backup_is_refused(
    place: Place, tmp_path: Path, change: Callable[[Path], object], words: str
) -> None:
    folder = shutil.copytree(place.folder / "back", tmp_path / "back")
    change(folder)
    new = replace(place.settings, database=tmp_path / "new.duckdb")
    with pytest.raises(SourceError, match=words):
        backup.restore(new, folder)
    assert not any(
        rows for table, rows in create_tables.rows(new).items() if table != "warehouse_info"
    )


def test_an_interrupted_backup_is_none(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(place.folder / "back", tmp_path / "back")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "export", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backup.write(place.settings, folder)
    with pytest.raises(SourceError, match="holds no backup"):
        backup.restore(replace(place.settings, database=tmp_path / "new.duckdb"), folder)


def test_a_load_meanwhile_is_noticed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = iter([{"etl_runs": 1}, {"etl_runs": 2}])
    monkeypatch.setattr(backup, "row_counts", lambda _: next(counted))
    with pytest.raises(BusyError, match="a load published"):
        backup.write(place.settings, tmp_path / "back")
    assert not (tmp_path / "back/backup.json").exists()


def test_a_backup_to_s3_goes_through_a_folder(place: Place) -> None:
    with pytest.raises(UsageError, match="a folder on this machine"):
        backup.write(place.settings, Path("s3://bucket/back"))
