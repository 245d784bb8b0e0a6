"""Loads from end to end: what is loaded, skipped and said, and what stays as it was."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from duckdb_warehouse import Place
from etl_loads import counts, files, load, read
from oracle import File
from small_world import (
    FIRST,
    MOMENT,
    SECOND,
    data,
    event,
    log,
    play,
    play_id,
    song,
    state,
)
from sparkify import etl
from sparkify.progress import silent
from sparkify.sql_queries import (
    TABLES,
    Query,
    audit_queries,
    folder,
)
from sparkify.staging.rules import EVENT_FIELDS
from sparkify.warehouse import open_warehouse
from sparkify.warehouse.duckdb import loader
from sparkify.warehouse.duckdb.reader import DuckDBReader

# Two loads


pytestmark = pytest.mark.sampled(of=3)


def test_first_load(place: Place) -> None:
    report = load(place)
    assert (report.run_id, files(report)) == (1, (5, 0, 0))
    assert counts(report, "events") == (9, 7, 0, 2)
    assert counts(report, "songs") == (3, 3, 0, 0)
    assert report.tables == {
        "staging_events": 7,
        "staging_songs": 3,
        "songplays": 6,
        "users": 3,
        "songs": 3,
        "artists": 3,
        "time": 6,
        "loaded_files": 5,
        "rejected_records": 2,
        "etl_runs": 1,
        "warehouse_info": 1,
        "newest_plays": 3,
        "load_lock": 0,
    }
    assert list(report.tables) == list(TABLES)
    assert [(check["name"], check["failures"]) for check in report.checks] == [
        (query.name, 0) for query in audit_queries
    ]
    assert report.notes == []
    assert report.seconds > 0


def test_second_load_updates_what_it_touches(loaded: Place) -> None:
    loaded.write(SECOND, version=1)
    report = load(loaded)
    assert (report.run_id, files(report)) == (2, (5, 1, 4))
    # the longer file: one new play, 5 duplicates, 1 that yields to the other file, 1 broken line;
    # the other: 1 duplicate, 1 that displaces, 1 that yields, 1 new play, 1 broken line
    assert counts(report, "events") == (13, 2, 6, 5)
    # 2 new songs, 1 that displaces, 1 bad one
    assert counts(report, "songs") == (4, 2, 0, 2)
    matches: dict[str, str] = dict(read(loaded, "SELECT songplay_id, song_id FROM songplays"))
    assert matches == {
        play_id(1, 1): "SO2",
        # SO3, its match till now, was displaced by a song of another title
        play_id(1, 2): "SO4",
        play_id(2, 0, user=8): "SO2",
        play_id(2, 2): "SO1",  # came late
        play_id(3, 1, user=9): "SO2",
        play_id(4, 0): "SO2",
        play_id(5, 0, user=10): "SO2",
    }
    users, artists, times = loaded.read(
        "SELECT user_id, level FROM users ORDER BY ALL",
        "SELECT * FROM artists ORDER BY ALL",
        "SELECT epoch_ms(start_time) FROM time WHERE start_time < '2018-11-02 00:00:01'",
    )
    assert users == [(7, "free"), (7, "paid"), (8, "paid"), (9, "free"), (10, "free")]
    assert [row[:3] for row in artists] == [
        ("AR1", "Elena", None),
        ("AR2", "Elena", None),
        ("AR3", "Elena", None),
    ]
    assert times == []


def test_losers_of_a_key_are_rejected_at_their_places(loaded: Place) -> None:
    loaded.write(SECOND, version=1)
    load(loaded)
    (found,) = loaded.read(
        "SELECT uri, line_number, reason, message, raw_text FROM rejected_records"
        " WHERE run_id = 2 ORDER BY uri, line_number"
    )
    rejects = [(Path(row[0]).name, *row[1:]) for row in found]
    assert [row[:3] for row in rejects] == [
        ("1.json", 5, "conflict"),
        ("1.json", 7, "not_json"),
        ("3.json", 2, "conflict"),
        ("3.json", 3, "conflict"),
        ("3.json", 5, "not_json"),
        ("again.json", 1, "conflict"),
        ("bad.json", 1, "range"),
    ]
    displaced, yielded, song_displaced = rejects[2], rejects[3], rejects[5]
    assert "greater record of itemInSession 1, sessionId 2, ts " in displaced[3]
    assert "userId 8 here displaced it" in displaced[3]
    assert f'"ts": {MOMENT + 777}' in displaced[4]  # the content that was staged
    assert "a greater record of itemInSession 2, sessionId 1, ts " in yielded[3]
    assert "userId 7 stays" in yielded[3]
    assert yielded[4] == play(1, 2, song="Two", artist="Abba").decode()
    assert "greater record of song_id SO3 here displaced it" in song_displaced[3]
    assert '"title": "Two"' in song_displaced[4]


def test_a_load_with_nothing_new_writes_nothing(place: Place) -> None:
    place.write([log("4", event(9, 0))])
    load(place)
    before = place.settings.database.read_bytes()
    assert load(place).run_id is None
    assert place.settings.database.read_bytes() == before


def test_loading_again_loads_nothing(loaded: Place) -> None:
    before = state(loaded.folder)
    report = load(loaded)
    assert (report.run_id, files(report)) == (None, (0, 0, 5))
    assert counts(report, "events") == counts(report, "songs") == (0, 0, 0, 0)
    assert (report.checks, report.notes) == ([], [])
    assert report.tables["songplays"] == 6
    assert state(loaded.folder) == before


@pytest.mark.parametrize("order", ["at once", "in parts", "second first"])
def test_order_of_loads_decides_no_table(tmp_path: Path, order: str) -> None:
    apart = [File(file.uri.replace("/", "/second ", 1), file.kind, file.content) for file in SECOND]
    every = [*FIRST, *apart]
    batches = {
        "at once": [every],
        "in parts": [[every[0], every[4]], every[9:], every[4:9], every[:4]],
        "second first": [apart, FIRST],
    }
    straight, place = Place(tmp_path / "straight"), Place(tmp_path / "other")
    straight.write(FIRST)
    load(straight)
    straight.write(SECOND, version=1)
    load(straight)
    for batch in batches[order]:
        place.write(batch)
        load(place)
    assert data(state(place.folder)) == data(state(straight.folder))


def test_catalogue_that_does_not_fit_into_the_memory_is_matched_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = (None, 0, 0.5, 1, 200, 200.5, 201.25, 202, 86399.9, 86400)
    plays = [play(11, n, length=length) for n, length in enumerate(lengths)]
    songs = [song(20 + n, duration=length or 0) for n, length in enumerate(lengths)]
    again = [play(12, n, length=length) for n, length in enumerate(lengths)]
    batches = [[*FIRST, log("plays", *plays), *songs], [*SECOND, log("again", *again)]]
    at_once, in_parts = Place(tmp_path / "at once"), Place(tmp_path / "in parts")
    ran: Counter[str] = Counter()
    run = loader.DuckDBWarehouse._run

    def counted(self: DuckDBReader, query: Query, parameters: Any = None) -> list[Any]:
        ran[query.name] += 1
        return run(self, query, parameters)

    few = Query("songs_in_memory", "SELECT 4 AS songs", {})
    for place, queries in ((at_once, {}), (in_parts, {"songs_in_memory": few})):
        monkeypatch.setattr(loader, "SQL", {**folder("duckdb"), **queries})
        monkeypatch.setattr(loader.DuckDBWarehouse, "_run", counted)
        for version, batch in enumerate(batches):
            place.write(batch, version)
            load(place)
        load(place, rebuild=True)
        assert ran["choose_part"] == (12 if queries else 0)
    assert data(state(in_parts.folder)) == data(state(at_once.folder))
    assert read(in_parts, "SELECT count(*), count(song_id) FROM songplays") == [(27, 25)]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_files_are_entered_some_at_a_time(
    loaded: Place, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    place = Place(loaded.folder.with_name("in lines"))
    monkeypatch.setattr(loader, "_FILES_A_LINE", at_once)
    for version, batch in enumerate((FIRST, SECOND)):
        place.write(batch, version)
        load(place)
    monkeypatch.undo()
    loaded.write(SECOND, version=1)
    load(loaded)
    assert data(state(place.folder)) == data(state(loaded.folder))
    numbers = "SELECT count(*), sum(size), sum(records_read) FROM loaded_files"
    assert read(place, numbers) == read(loaded, numbers)


def test_rebuild_changes_nothing(loaded: Place) -> None:
    loaded.write(SECOND, version=1)
    load(loaded)
    before = state(loaded.folder)
    report = load(loaded, rebuild=True)
    assert (report.rebuilt, report.run_id, files(report)) == (True, None, (0, 0, 0))
    assert [check["name"] for check in report.checks] == [
        query.name for query in audit_queries if not query.name.startswith("new_")
    ]
    assert state(loaded.folder) == before


def test_rebuild_mends_a_broken_star_without_any_source(loaded: Place) -> None:
    before = state(loaded.folder)
    with duckdb.connect(str(loaded.settings.database)) as connection:
        for table in ("songplays", "users", "songs", "artists", "time"):
            connection.execute(f"DELETE FROM {table}")
    for file in FIRST:
        (loaded.folder / file.uri).unlink()
    load(loaded, rebuild=True)
    assert state(loaded.folder) == before


def test_rebuild_after_a_load_that_was_killed(loaded: Place) -> None:
    before = state(loaded.folder)
    with duckdb.connect(str(loaded.settings.database)) as connection:
        connection.execute("CREATE TABLE new_events AS SELECT * FROM staging_events LIMIT 1")
    load(loaded, rebuild=True)
    assert state(loaded.folder) == before


def test_rebuild_twice_on_one_connection(loaded: Place) -> None:
    before = state(loaded.folder)
    with open_warehouse(loaded.settings) as warehouse:
        for _ in range(2):
            warehouse.rebuild(silent)
    assert state(loaded.folder) == before


def test_rebuild_of_an_empty_warehouse(place: Place) -> None:
    report = load(place, rebuild=True)
    assert report.tables["songplays"] == 0
    assert load(place).tables["songplays"] == 6


# Changed files


def test_file_that_grew(loaded: Place) -> None:
    loaded.write([log("2", *FIRST[1].content.split(b"\n"), play(3, 2))], version=1)
    report = load(loaded)
    assert files(report) == (0, 1, 4)
    assert counts(report, "events") == (3, 1, 1, 1)
    assert report.notes == []


def test_file_that_shrank_and_came_back(loaded: Place) -> None:
    loaded.write([log("2", play(3, 1, userId="9"))], version=1)
    report = load(loaded)
    assert counts(report, "events") == (1, 0, 1, 0)
    (note,) = report.notes
    assert note.startswith("1 changed files have fewer records than before")
    assert str(loaded.folder.resolve() / "log_data/2.json") in note
    assert report.tables["staging_events"] == 7
    loaded.write([FIRST[1]], version=2)
    again = load(loaded)
    assert (files(again), counts(again, "events")) == ((0, 1, 4), (2, 0, 1, 1))
    assert again.notes == []
    (versions,) = loaded.read(
        "SELECT run_id, records_read FROM loaded_files WHERE uri LIKE '%/2.json' AND kind ="
        " 'events' ORDER BY run_id"
    )
    assert versions == [(1, 2), (2, 1), (3, 2)]


def test_file_that_is_as_an_earlier_version_was(loaded: Place) -> None:
    loaded.write([log("2", play(3, 1, userId="9"))], version=1)
    load(loaded)
    loaded.write([FIRST[1]])  # with the time of change that it had, too
    assert files(load(loaded)) == (0, 0, 5)


def test_verify_skips_what_was_only_touched(place: Place) -> None:
    load(place, verify=True)
    os.utime(place.folder / "log_data/1.json", (7, 7))
    assert files(load(place, verify=True)) == (0, 0, 5)
    assert files(load(place)) == (0, 1, 4)


def test_verify_finds_what_looks_the_same(place: Place) -> None:
    load(place, verify=True)
    content = FIRST[1].content.replace(b'"Elena"', b'"Adele"')
    place.write([File("log_data/2.json", "events", content)])
    assert files(load(place)) == (0, 0, 5)
    report = load(place, verify=True)
    assert files(report) == (0, 1, 4)
    assert counts(report, "events") == (2, 0, 0, 2)  # Elena is greater


def test_file_that_is_gone_stays_loaded(loaded: Place) -> None:
    (loaded.folder / "log_data/2.json").unlink()
    report = load(loaded)
    assert files(report) == (0, 0, 4)
    assert report.tables["staging_events"] == 7


# Dry run


def everything_below(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_dry_run_makes_no_file(place: Place) -> None:
    before = everything_below(place.folder)
    found = etl.plan(place.settings)
    assert (len(found.new), found.changed, found.skipped) == (5, [], 0)
    assert found.files.bytes == sum(len(file.content) for file in FIRST)
    assert everything_below(place.folder) == before


def test_dry_run_changes_nothing_and_says_what_a_load_does(loaded: Place) -> None:
    loaded.write(SECOND, version=1)
    (loaded.folder / "log_data/notes.txt").touch()
    before = everything_below(loaded.folder)
    found = etl.plan(loaded.settings)
    assert everything_below(loaded.folder) == before
    assert [Path(file.uri).name for file in found.new] == [
        *("3.json", "1.json", "5.json", "again.json", "bad.json"),
    ]
    assert [Path(file.uri).name for file in found.changed] == ["1.json"]
    assert (found.skipped, [Path(name).name for name in found.ignored]) == (4, ["notes.txt"])
    report = load(loaded)
    assert report.plan.files == found.files


def test_dry_run_verifies_too(place: Place) -> None:
    load(place, verify=True)
    os.utime(place.folder / "log_data/1.json", (7, 7))
    assert len(etl.plan(place.settings).changed) == 1
    assert etl.plan(place.settings, verify=True).files == []


def test_dry_run_on_a_database_without_tables(place: Place) -> None:
    duckdb.connect(str(place.settings.database)).close()
    assert len(etl.plan(place.settings).new) == 5


# Notes


def test_notes_tell_what_was_passed_over(place: Place) -> None:
    for n in range(7):
        (place.folder / f"song_data/{n}.json~").touch()
    place.write([log("4", event(9, 0, mood="good"), event(9, 1, mood="bad", tempo=3))])
    ignored, unknown = load(place).notes
    assert ignored.startswith("Passed over, for they do not end in .json, .jsonl or .ndjson")
    assert "7 under the sources" in ignored
    assert ignored.endswith("4.json~ and 2 more.")
    assert unknown.endswith("were ignored: mood (2), tempo (1).")


def test_note_tells_what_the_jsonpaths_file_leaves_out(place: Place) -> None:
    kept = [field.key for field in EVENT_FIELDS if field.key not in ("gender", "location")]
    paths = {"jsonpaths": [f"$['{key}']" for key in kept]}
    (place.folder / "log_json_path.json").write_text(json.dumps(paths))
    unknown, left_out = load(place).notes
    assert unknown.endswith("were ignored: gender (6).")
    assert left_out == "The JSONPaths file leaves out 2 fields: their columns are NULL."
    assert place.read("SELECT DISTINCT gender FROM users") == [[(None,)]]
