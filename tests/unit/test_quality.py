"""The quality checks and the audits: what is sound passes, and each breach is found by its own."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from broken_rules import AS_IF_LOADED_THEN, AUDITED, LOADS, SABOTAGES, Sabotage, play_id
from command_line import call, failure, write_sources
from duckdb_warehouse import Place
from oracle import Row
from sparkify import create_tables, quality, sql_queries
from sparkify.config import Settings
from sparkify.errors import QualityError, TooManyRejectedError
from sparkify.quality import SAMPLE_ROWS, CheckResult, broken
from sparkify.sql_queries import (
    TABLES,
    Query,
    audit_queries,
    insert_table_queries,
    quality_checks,
    rebuild_queries,
)
from sparkify.warehouse import Reader, open_reader
from sparkify.warehouse.duckdb import loader
from sparkify.warehouse.duckdb.reader import DuckDBReader
from worlds import recipe, world

WARNINGS = {"events_twice", "freshness", "match_share", "registered_first", "sessions_shared"}
REAL_DATA = Path(__file__).parents[3] / "shared/data/sparkify"


def write(place: Place, *statements: str) -> list[Row]:
    """Run statements behind the program's back, and give the rows of the last."""
    with duckdb.connect(str(place.settings.database)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def findings(settings: Settings) -> dict[str, CheckResult]:
    """The checks that found something, by name."""
    with open_reader(settings) as reader:
        return found_by(reader)


def found_by(reader: Reader) -> dict[str, CheckResult]:
    results = quality.run(reader)
    assert [result.name for result in results] == sorted(quality_checks)
    return {result.name: result for result in results if not result.ok}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The small warehouse, loaded by the program and fresh; not to be changed."""
    place = Place(tmp_path_factory.mktemp("sound"))
    for version, files in enumerate(LOADS):
        place.write(files, version)
        place.load()
    write(place, AS_IF_LOADED_THEN)
    return place


@pytest.fixture(scope="module")
def connection(
    sound: Place, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open on a copy of the small warehouse; what is changed there is to be rolled back."""
    file = shutil.copy(sound.settings.database, tmp_path_factory.mktemp("open"))
    with duckdb.connect(str(file)) as connection:
        yield connection


@pytest.fixture
def place(sound: Place, tmp_path: Path) -> Place:
    """The small warehouse, to be changed."""
    shutil.copytree(sound.folder, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path)


# The checks


def test_the_small_warehouse_is_sound(sound: Place) -> None:
    assert findings(sound.settings) == {}
    runs = "SELECT events_staged, events_duplicate, events_rejected FROM etl_runs ORDER BY run_id"
    assert write(sound, runs) == [(6, 0, 0), (1, 1, 2)]
    assert write(sound, "SELECT count(*), count(song_id) FROM songplays") == [(5, 4)]


@pytest.mark.sampled(of=12)
@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_a_breach_is_found(connection: duckdb.DuckDBPyConnection, sabotage: Sabotage) -> None:
    connection.begin()
    try:
        for statement in sabotage.statements:
            connection.execute(statement)
        found = found_by(DuckDBReader(connection))
    finally:
        connection.rollback()
    assert found.keys() == {sabotage.check} | sabotage.others
    result = found[sabotage.check]
    assert result.severity == ("warn" if sabotage.check in WARNINGS else "fail")
    assert result.failures == len(result.rows) == sabotage.rows
    assert all(len(row) == len(result.columns) for row in result.rows)
    assert broken([result]) == ([] if sabotage.check in WARNINGS else [result])


def test_every_check_is_broken() -> None:
    assert {sabotage.check for sabotage in SABOTAGES} == set(quality_checks)


def test_a_warehouse_without_plays_is_sound(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(file for file in LOADS[0] if file.kind == "songs")
    place.write([replace(LOADS[0][0], content=b"")])
    place.load()
    assert findings(place.settings) == {}


@pytest.mark.sampled(of=3)
@pytest.mark.parametrize("number", [7, 16, 28])
def test_a_loaded_world_is_sound(tmp_path: Path, number: int) -> None:
    place = Place(tmp_path)
    for version, files in enumerate(world(recipe(number))):
        place.write(files, version)
        with suppress(TooManyRejectedError):  # then the next load takes these files, too
            place.load()
    assert place.published() > 0
    assert findings(place.settings).keys() <= WARNINGS


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real data are not beside the project")
def test_the_real_data_are_sound(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for name in ("log_data", "song_data"):
        shutil.copytree(REAL_DATA / name, tmp_path / name)
    shutil.copy(REAL_DATA / "log_json_path.json", tmp_path)
    place.load()
    found = findings(place.settings)
    assert found.keys() == {"freshness", "match_share"}
    assert found["match_share"].rows == [(6820, 1)]


def test_a_first_load_leaves_the_tables_as_declared(sound: Place, tmp_path: Path) -> None:
    """Its events become staging_events without being copied."""
    empty = Place(tmp_path)
    create_tables.create(empty.settings)
    for name in TABLES:
        columns = f"DESCRIBE {name}"
        assert write(sound, columns) == write(empty, columns)


def test_many_offending_rows_are_counted_and_few_are_shown(place: Place) -> None:
    write(
        place,
        "INSERT INTO users SELECT n, 'Ada', NULL, 'F', 'free' FROM range(100, 200) AS t (n)",
    )
    result = findings(place.settings)["users_played"]
    assert result.failures == 100
    assert len(result.rows) == SAMPLE_ROWS


def test_a_result_as_json(place: Place) -> None:
    write(place, "DELETE FROM users WHERE user_id = 7 AND level = 'paid'")
    write(place, "INSERT INTO time SELECT * FROM time WHERE start_time = '2018-11-02 00:06:00'")
    found = findings(place.settings)
    assert found["songplays_users"].as_json() == {
        "name": "songplays_users",
        "severity": "fail",
        "purpose": "Every play has its listener at its level in users.",
        "failures": 1,
        "columns": ["songplay_id", "user_id", "level"],
        "rows": [[play_id(3, 0, 6, 7), 7, "paid"]],
    }
    assert found["time_keys"].as_json()["rows"] == [["2018-11-02 00:06:00", 2]]


def test_check_ends_with_code_6_where_a_check_fails(place: Place) -> None:
    database = str(place.settings.database)
    assert call("check", "--database", database).exit_code == 0
    write(place, "UPDATE etl_runs SET finished_at = '2018-11-05'")
    assert call("check", "--database", database).exit_code == 0  # a warning
    write(place, "DELETE FROM users WHERE user_id = 8")
    error = failure("check", "--database", database)
    assert (error["exit_code"], error["code"]) == (6, "quality")
    assert "songplays_users" in error["reason"]


# The audits

BREACHES: tuple[tuple[str, str, str, str | None], ...] = (
    # audit, list of statements, the one that is broken, what is added to it (None: left out)
    ("catalogue_kept", "insert_table_queries", "insert_songs", None),
    ("catalogue_kept", "insert_table_queries", "insert_songs", "WHERE song_id <> 'SO5'"),
    ("catalogue_kept", "insert_table_queries", "insert_artists", None),
    ("catalogue_kept", "insert_table_queries", "insert_artists", "AND artist_id <> 'AR5'"),
    ("catalogue_listed", "insert_table_queries", "delete_touched_artists", None),
    ("catalogue_kept", "insert_table_queries", "delete_touched_artists", "OR artist_id = 'AR2'"),
    (
        "catalogue_kept",
        "insert_table_queries",
        "delete_displaced_dimension_songs",
        "OR song_id = 'SO3'",
    ),
    ("matches_known", "insert_table_queries", "insert_songplays", "; DELETE FROM songs"),
    ("matches_known", "insert_table_queries", "insert_songplays", "; DELETE FROM artists"),
    ("new_files_add_up", "settle_queries", "return_kept_events", None),
    ("new_files_add_up", "settle_queries", "delete_repeated_events", None),
    ("plays_counted", "insert_table_queries", "insert_songplays", None),
    ("plays_counted", "insert_table_queries", "insert_songplays", "AND events.sessionid <> 4"),
    ("plays_counted", "insert_table_queries", "delete_displaced_songplays", None),
    ("plays_described", "insert_table_queries", "insert_time", None),
    ("plays_described", "insert_table_queries", "restore_users", None),
    ("plays_described", "insert_table_queries", "restore_newest_plays", None),
)


def broken_statements(
    queries: tuple[Query, ...], name: str, addition: str | None
) -> tuple[Query, ...]:
    assert name in {query.name for query in queries}
    kept = [query for query in queries if query.name != name or addition is not None]
    return tuple(
        replace(query, sql=f"{query.sql} {addition}") if query.name == name else query
        for query in kept
    )


def contents(place: Place) -> dict[str, Counter[Row]]:
    with duckdb.connect(str(place.settings.database), read_only=True) as connection:
        return {
            name: Counter(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in TABLES
        }


@pytest.mark.sampled(of=8)
@pytest.mark.parametrize(("audit", "queries", "name", "addition"), BREACHES)
def test_an_audit_stops_a_load_that_goes_wrong(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    *,
    audit: str,
    queries: str,
    name: str,
    addition: str | None,
) -> None:
    files = AUDITED
    if audit == "matches_known":  # with songs, catalogue_kept finds them first
        place.load()  # the copies of the song files
        files = [file for file in AUDITED if file.kind == "events"]
    before = contents(place)
    [(run_id,)] = place.read("SELECT max(run_id) FROM etl_runs")[0]
    place.write(files, version=9)
    sound = getattr(sql_queries, queries)
    monkeypatch.setattr(sql_queries, queries, broken_statements(sound, name, addition))
    with pytest.raises(QualityError) as caught:
        place.load()
    assert caught.value.exit_code == 6
    assert caught.value.details["check"] == audit
    assert caught.value.details["rows"]
    assert contents(place) == before
    monkeypatch.undo()
    assert place.load()["run_id"] == run_id + 1


def test_every_audit_is_broken() -> None:
    assert {audit for audit, _, _, _ in BREACHES} == {query.name for query in audit_queries}


def test_an_audit_stops_a_rebuild_that_goes_wrong(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(place)
    wrong = broken_statements(rebuild_queries, "insert_time", None)
    monkeypatch.setattr(sql_queries, "rebuild_queries", wrong)
    monkeypatch.setattr(loader, "_SHOWN_ROWS", 0)
    with pytest.raises(QualityError, match=r"plays_described.*: rows break this \(\d+\)") as caught:
        place.load(rebuild=True)
    assert caught.value.details["rows"] == []  # no more than are shown
    assert contents(place) == before


def test_the_command_line_tells_of_a_failed_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sources(tmp_path)
    monkeypatch.chdir(tmp_path)
    wrong = broken_statements(insert_table_queries, "insert_users", None)
    monkeypatch.setattr(sql_queries, "insert_table_queries", wrong)
    error = failure("etl")
    assert (error["exit_code"], error["code"]) == (6, "quality")
    assert error["details"]["check"] == "plays_described"
    assert error["details"]["rows"] == [["7", "free", "None", "0"]]
    assert "nothing was published" in error["reason"]
    with duckdb.connect("sparkify.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM staging_events").fetchall() == [(0,)]
