"""A warehouse of schema 1 is brought up to date, and loses nothing; DuckDB.

On Redshift: test_redshift_migration.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import child_loads
import version_1_warehouse
from command_line import answer, failure
from duckdb_warehouse import Place
from small_world import State, data, state
from sparkify import create_tables, etl, quality
from sparkify.errors import WarehouseError
from sparkify.sql_queries import TABLES
from sparkify.warehouse import open_reader
from version_1_warehouse import put

TWICE = "Ã"
MENDED = {"Björk", "Jóga", "Plzeň, CZ", "Åse", "Île-de-France"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> State:
    """What a load of the sources into a new warehouse makes."""
    place = put(tmp_path_factory.mktemp("fresh"))
    place.settings.database.unlink()
    place.load()
    return data(state(place.folder))


def passes(place: Place) -> None:
    with open_reader(place.settings) as reader:
        assert [one.name for one in quality.broken(quality.run(reader))] == []


# What comes out


def test_a_load_with_all_sources_leads_where_a_fresh_one_does(tmp_path: Path, fresh: State) -> None:
    place = put(tmp_path)
    report = place.load()
    assert data(state(tmp_path)) == fresh
    assert report["run_id"] == 4
    assert report["notes"][0] == (
        "Migrated from schema 1, as run 3: 9 events and 5 songs are kept and 5 records mended. "
        "What is at the sources is read once more."
    )
    assert report["files"] == {"new": 10, "changed": 0, "skipped": 0}
    assert report["events"]["staged"] == 4  # what version 1 took for conflicts
    passes(place)
    assert place.load()["run_id"] is None


def test_nothing_staged_is_lost_without_the_sources(tmp_path: Path, fresh: State) -> None:
    place = put(tmp_path, sources=False)
    [before, songs] = place.read(
        "SELECT sessionid, iteminsession, ts, userid, page FROM staging_events ORDER BY ALL",
        "SELECT song_id FROM staging_songs ORDER BY ALL",
    )
    made = create_tables.create(place.settings)
    assert made["notes"][0].startswith("Migrated from schema 1, as run 3: 9 events and 5 songs")
    after, ids, moments, texts, runs = place.read(
        "SELECT sessionid, iteminsession, ts, userid, page FROM staging_events ORDER BY ALL",
        "SELECT song_id FROM staging_songs ORDER BY ALL",
        "SELECT count(*) FROM staging_events WHERE event_ms = epoch_ms(ts)",
        "SELECT artist FROM staging_events UNION SELECT song FROM staging_events"
        " UNION SELECT location FROM staging_events UNION SELECT firstname FROM staging_events"
        " UNION SELECT artist_location FROM staging_songs",
        "SELECT run_id, status, events_read, events_staged, events_mended, songs_mended"
        " FROM etl_runs ORDER BY run_id",
    )
    assert (after, ids, moments) == (before, songs, [(9,)])
    assert {text for (text,) in texts} >= MENDED
    assert not [text for (text,) in texts if text and TWICE in text]
    assert runs[-1] == (3, "migrated", 0, 0, 3, 2)
    assert [status for _, status, *_ in runs] == ["published", "published", "migrated"]
    assert made["tables"]["loaded_files"] == made["tables"]["rejected_records"] == 0
    passes(place)


def test_the_star_follows_from_staging(tmp_path: Path) -> None:
    place = put(tmp_path, sources=False)
    create_tables.create(place.settings)
    before = state(tmp_path)
    etl.load(place.settings, rebuild=True, answers=False)
    assert state(tmp_path) == before
    [[matched]] = place.read(
        "SELECT songplay_id, song_id FROM songplays WHERE session_id = 1 AND user_id = 8"
        " AND song_id IS NOT NULL"
    )
    assert matched == ("1541117340000-8-1-2", "SO5")  # by texts that were encoded twice


def test_texts_stay_where_they_are_not_to_be_mended(tmp_path: Path) -> None:
    from dataclasses import replace

    place = put(tmp_path, sources=False)
    create_tables.create(replace(place.settings, mend_text=False))
    [artists, info, runs] = place.read(
        "SELECT count(*) FROM staging_events WHERE artist LIKE '%Ã%'",
        "SELECT schema_version, mend_text, jsonpaths_hash, staged_events, staged_plays"
        " FROM warehouse_info",
        "SELECT events_mended, songs_mended FROM etl_runs WHERE status = 'migrated'",
    )
    assert artists == [(1,)]
    assert info == [(2, 0, None, 9, 8)]
    assert runs == [(0, 0)]


def test_a_rebuild_migrates_first(tmp_path: Path) -> None:
    place = put(tmp_path, sources=False)
    report = etl.load(place.settings, rebuild=True, answers=False)
    assert report.rebuilt
    assert report.notes[0].startswith("Migrated from schema 1")
    passes(place)


def test_it_makes_what_tells_of_each_table(tmp_path: Path) -> None:
    place = put(tmp_path, sources=False)
    create_tables.create(place.settings)
    with open_reader(place.settings) as reader:
        found = reader.read("SELECT table_name FROM duckdb_tables() WHERE comment <> ''")
    assert sorted(found.rows) == [(name,) for name in sorted(TABLES)]


def test_leftovers_of_a_killed_load_are_gone(tmp_path: Path, fresh: State) -> None:
    place = put(tmp_path)
    with duckdb.connect(str(place.settings.database)) as connection:
        connection.execute(
            "CREATE TABLE new_events AS SELECT *, 0 AS source_file FROM staging_events"
        )
        connection.execute(
            "CREATE TABLE new_songs AS SELECT *, 0 AS source_file FROM staging_songs"
        )
    place.load()
    assert data(state(tmp_path)) == fresh
    assert {name for (name,) in place.read("SELECT table_name FROM duckdb_tables()")[0]} == {
        *TABLES
    }


# Until then


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The warehouse as it is; not to be changed."""
    return put(tmp_path_factory.mktemp("older"))


def test_it_can_be_read_queried_and_exported(older: Place, tmp_path: Path) -> None:
    before = version_1_warehouse.held(older)
    database = ("--database", str(older.settings.database))
    status = answer("status", *database)
    assert status["tables"]["staging_events"] == 9
    assert status["tables"]["newest_plays"] == status["tables"]["load_lock"] == 0
    assert [run["run_id"] for run in status["runs"]] == [2, 1]
    assert len(answer("rejects", *database)["rows"]) == 12
    assert answer("query", "SELECT max(run_id) AS n FROM etl_runs", *database)["rows"] == [[2]]
    answer("export", str(tmp_path / "out"), *database)
    assert (tmp_path / "out" / "songplays.parquet").exists()
    assert "Nobody knows" in str(answer("ask", "top_songs", *database))
    assert "older Sparkify" in failure("ask", "top_songs", "--level", "paid", *database)["reason"]
    assert version_1_warehouse.held(older) == before


def test_its_events_and_sessions_are_read_as_those_of_today(older: Place) -> None:
    with open_reader(older.settings) as reader:
        events = reader.read("SELECT COUNT(*) FROM staging_events WHERE event_ms = epoch_ms(ts)")
        sessions = reader.read("WITH one AS (SELECT * FROM sessions) SELECT SUM(plays) FROM one")
    assert (events.rows, sessions.rows) == ([(9,)], [(8,)])


def test_what_needs_the_new_tables_says_so(older: Place) -> None:
    database = older.settings.database
    for command in ("check", "report"):
        told = failure(command, "--database", str(database))
        assert told["exit_code"] == 5
        assert "older Sparkify (schema 1" in told["reason"]
        assert "`sparkify etl`" in told["next_step"]
        assert "nothing is lost" in told["next_step"]
    told = failure("query", "SELECT event_ms FROM staging_events", "--database", str(database))
    assert told["code"] == "usage"


def test_a_dry_run_tells_of_the_migration(older: Place) -> None:
    before = version_1_warehouse.held(older)
    plan = etl.plan(older.settings).as_json()
    assert plan["migrates_from"] == 1
    assert plan["files"]["new"] == 10
    assert version_1_warehouse.held(older) == before


def test_asking_for_destruction_migrates_nothing(older: Place) -> None:
    before = version_1_warehouse.held(older)
    assert create_tables.rows(older.settings)["staging_events"] == 9
    assert version_1_warehouse.held(older) == before


def test_destruction_makes_the_tables_of_today(tmp_path: Path) -> None:
    place = put(tmp_path, sources=False)
    assert create_tables.drop(place.settings)["tables"]["staging_events"] == 0
    assert create_tables.create(place.settings)["notes"] == []


# All or nothing


def calls_of(act: Callable[[], object]) -> list[str]:
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", child_loads.watch(calls.append))
        act()
    return calls


@pytest.fixture(scope="module")
def commit(tmp_path_factory: pytest.TempPathFactory) -> int:
    """Which call to the engine commits the migration."""
    place = put(tmp_path_factory.mktemp("calls"), sources=False)
    calls = calls_of(lambda: create_tables.create(place.settings))
    assert calls.count("commit") == 1
    return calls.index("commit") + 1


@pytest.mark.sampled(of=8)
@pytest.mark.parametrize("start", [0, 1, 2, 3, 20, 21, 22, 23])
def test_killed_before_any_statement(tmp_path: Path, fresh: State, commit: int, start: int) -> None:
    before = version_1_warehouse.held(put(tmp_path / "before"))
    for number in range(commit - start, 0, -40):
        place = put(tmp_path / str(number))
        assert child_loads.run(child_loads.load_killed_at, place.folder, number) == -9
        found = version_1_warehouse.held(place)
        assert {name: found[name] for name in before} == before
        place.load()
        assert data(state(place.folder)) == fresh


@pytest.mark.sampled(of=3)
@pytest.mark.parametrize("later", [1, 2, 30])
def test_killed_behind_the_migration(tmp_path: Path, fresh: State, commit: int, later: int) -> None:
    """It is done, and its load begins anew."""
    place = put(tmp_path)
    assert child_loads.run(child_loads.load_killed_at, place.folder, commit + later) == -9
    [[(newest, status)]] = place.read(
        "SELECT run_id, status FROM etl_runs ORDER BY run_id DESC LIMIT 1"
    )
    assert (newest, status) == (3, "migrated")
    report = place.load()
    assert report["run_id"] == 4
    assert not [note for note in report["notes"] if "Migrated" in note]
    assert data(state(tmp_path)) == fresh


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize(
    "error", [duckdb.IOException("disk"), duckdb.OutOfMemoryException("memory")]
)
def test_a_failure_leaves_it_as_it_was(tmp_path: Path, commit: int, error: duckdb.Error) -> None:
    place = put(tmp_path)
    before = version_1_warehouse.held(place)
    for number in range(commit - 1, 10, -17):
        calls = 0

        def tell(name: str, number: int = number) -> None:
            nonlocal calls
            calls += 1
            if calls == number:
                raise error

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(duckdb, "connect", child_loads.watch(tell))
            with pytest.raises(WarehouseError, match=str(error)):
                place.load()
        assert version_1_warehouse.held(place) == before


def test_a_full_disk_leaves_it_as_it_was(tmp_path: Path) -> None:
    place = put(tmp_path)
    before = version_1_warehouse.held(place)
    assert child_loads.run(child_loads.load_on_a_full_disk, place.folder, 5_000) == 5
    assert version_1_warehouse.held(place) == before
