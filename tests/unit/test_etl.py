"""Loads from end to end: what is loaded, skipped, refused and said, and what stays as it was."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from duckdb_warehouse import Place
from oracle import File
from small_world import (
    FIRST,
    MOMENT,
    SECOND,
    Prepared,
    State,
    data,
    event,
    log,
    play,
    play_id,
    song,
    state,
)
from sparkify import etl
from sparkify.config import Settings
from sparkify.errors import QualityError, SourceError, TooManyRejectedError, WarehouseError
from sparkify.etl import LoadReport
from sparkify.progress import silent
from sparkify.sources import jsonpaths
from sparkify.sql_queries import (
    SCHEMA_VERSION,
    TABLES,
    VIEWS,
    Query,
    audit_queries,
    count_queries,
    folder,
)
from sparkify.staging.rules import EVENT_FIELDS
from sparkify.warehouse import open_warehouse
from sparkify.warehouse.duckdb import DuckDBReader, loader

REAL = Path(__file__).parents[3] / "shared" / "data" / "sparkify"
real = pytest.mark.skipif(not REAL.exists(), reason="the real data is not beside the project")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with the files of the first load, not loaded yet."""
    place = Place(tmp_path)
    place.write(FIRST)
    return place


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("etl"), FIRST)


@pytest.fixture
def loaded(prepared: Prepared) -> Place:
    """A folder with the files of the first load, loaded."""
    return prepared.copy()


def load(place: Place, **options: Any) -> LoadReport:
    return etl.load(place.settings, answers=False, **options)


def counts(report: LoadReport, kind: str) -> tuple[int, ...]:
    """read, staged, duplicates, rejected."""
    return tuple(report.as_json()[kind].values())[:4]


def files(report: LoadReport) -> tuple[int, ...]:
    """new, changed, skipped."""
    return tuple(report.as_json()["files"].values())


# Two loads


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
    assert report.tables == {query.name: report.tables[query.name] for query in count_queries}
    assert [(check["name"], check["failures"]) for check in report.checks] == [
        (query.name, 0) for query in audit_queries if query.name != "new_matches_known"
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
        for version, files in enumerate(batches):
            place.write(files, version)
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


# Too many rejects


def strict(place: Place, share: float, rows: int) -> Settings:
    return replace(place.settings, max_rejected_share=share, max_rejected_rows=rows)


@pytest.mark.parametrize(
    ("share", "rows", "refused"),
    [
        (0.1, 1, True),  # 2 of 9 events are rejected, and none of 3 songs
        (0.1, 2, False),
        (2 / 9, 0, False),
        (0.22, 0, True),
        (0.0, 0, True),
        (1.0, 0, False),
    ],
)
def test_both_limits_must_be_passed(place: Place, share: float, rows: int, refused: bool) -> None:
    settings = strict(place, share, rows)
    if refused:
        with pytest.raises(TooManyRejectedError, match="2 of 9 events were rejected") as caught:
            etl.load(settings, answers=False)
        assert caught.value.details == {"read": 9, "rejected": 2}
        assert caught.value.exit_code == 4
    else:
        assert etl.load(settings, answers=False).run_id == 1


ARRAY = b"[" + b",\n".join(event(9, n) for n in range(200)) + b"]"


@pytest.mark.parametrize("content", [ARRAY, ARRAY[1:-1].decode().encode("utf-16")])
def test_file_that_is_no_log_weighs_as_many_records_as_its_bytes(
    place: Place, content: bytes
) -> None:
    weight = len(content) // 500
    assert weight > 20
    place.write([*FIRST, log("4", content)])
    share = weight / (weight + 9)
    with pytest.raises(TooManyRejectedError, match=f"{weight + 2} of {weight + 9} events"):
        etl.load(strict(place, share, 0), answers=False)
    with pytest.raises(TooManyRejectedError):
        etl.load(strict(place, 0, weight + 1), answers=False)
    report = etl.load(strict(place, 0, weight + 2), answers=False)
    assert counts(report, "events") == (10, 7, 0, 3)


@pytest.mark.parametrize("kind", ["events", "songs"])
def test_load_that_would_leave_none_of_a_kind_is_refused(loaded: Place, kind: str) -> None:
    place = Place(loaded.folder / "new")
    good = [log("1", event(1, 0)), song(1)]
    bad = File(f"{'log' if kind == 'events' else 'song'}_data/1.json", good[0].kind, b"\n{}\nx")
    place.write([*good, bad])
    for _ in range(2):
        with pytest.raises(TooManyRejectedError, match=f"all {kind} that were read") as caught:
            load(place)
        assert caught.value.exit_code == 4
    assert place.published() == 0
    place.write(good, version=1)
    assert load(place).run_id == 3
    place.write([bad], version=2)
    assert load(place).run_id == 4  # some are loaded now


def test_load_without_any_record_of_a_kind_is_none(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write([log("1", b""), song(1)])
    assert load(place).run_id == 1


def test_refused_load_publishes_its_run_and_rejects_alone(place: Place) -> None:
    with pytest.raises(TooManyRejectedError):
        etl.load(strict(place, 0, 0), answers=False)
    held = state(place.folder)
    assert [name for name in TABLES if held[name]] == [
        "rejected_records",
        "etl_runs",
        "warehouse_info",
    ]
    assert sorted(row[2:6:2] for row in held["rejected_records"]) == [
        ("log_data/1.json", 7),
        ("log_data/2.json", 1),
    ]
    (run,) = held["etl_runs"]
    assert run == (1, "refused", 5, 0, 0, 9, 0, 0, 2, 3, 0, 0, 0, 0, 0)


def test_next_attempt_replaces_the_rejects_of_a_refused_load(place: Place) -> None:
    for _ in range(2):
        with pytest.raises(TooManyRejectedError):
            etl.load(strict(place, 0, 0), answers=False)
    held = state(place.folder)
    assert {row[0] for row in held["rejected_records"]} == {2}
    assert held["rejected_records"].total() == 2
    report = load(place)
    assert (report.run_id, files(report)) == (3, (5, 0, 0))
    held = state(place.folder)
    assert {row[0] for row in held["rejected_records"]} == {3}
    assert [row[1] for row in sorted(held["etl_runs"])] == ["refused", "refused", "published"]


def test_refused_load_leaves_what_was_loaded(loaded: Place) -> None:
    before = state(loaded.folder)
    loaded.write(SECOND, version=1)
    with pytest.raises(TooManyRejectedError):
        etl.load(strict(loaded, 0, 0), answers=False)
    held = state(loaded.folder)
    assert data(held) == data(before)
    assert held["loaded_files"] == before["loaded_files"]
    assert before["rejected_records"] < held["rejected_records"]


def test_conflicts_do_not_count_for_the_limit(loaded: Place) -> None:
    loaded.write([log("3", *(play(1, 1, song=f"Other {n}") for n in range(20)))], version=1)
    report = etl.load(strict(loaded, 0, 0), answers=False)
    assert counts(report, "events") == (20, 0, 0, 20)


# Sources that are not there


@pytest.mark.parametrize("folder", ["log_data", "song_data"])
@pytest.mark.parametrize("how", ["missing", "empty", "of another kind"])
def test_source_without_files_leaves_the_warehouse_alone(
    loaded: Place, folder: str, how: str
) -> None:
    before = state(loaded.folder)
    for file in FIRST:
        if file.uri.startswith(folder):
            (loaded.folder / file.uri).unlink()
    if how == "missing":
        (loaded.folder / folder).rmdir()
    elif how == "of another kind":
        (loaded.folder / folder / "notes.txt").touch()
    for action in (load, lambda place: etl.plan(loaded.settings)):
        with pytest.raises(SourceError, match=folder):
            action(loaded)
    assert state(loaded.folder) == before


def test_missing_source_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no folder"):
        load(Place(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_wrong_jsonpaths_file_leaves_the_warehouse_alone(loaded: Place) -> None:
    before = state(loaded.folder)
    loaded.write(SECOND, version=1)
    (loaded.folder / "log_json_path.json").write_text('{"jsonpaths": ["$.ts"]}')
    with pytest.raises(SourceError, match="has no path for 'itemInSession'"):
        load(loaded)
    assert state(loaded.folder) == before


def test_prefix_is_a_folder_and_not_a_beginning(place: Place) -> None:
    place.write([File("log_data2/1.json", "events", play(9, 9))])
    assert load(place).tables["songplays"] == 6


def load_while(place: Place, act: Callable[[], object]) -> LoadReport:
    """Load; something happens behind the listing, before a file is read."""
    read_jsonpaths = jsonpaths.read_jsonpaths

    def acting(*args: Any) -> Any:
        act()
        return read_jsonpaths(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonpaths, "read_jsonpaths", acting)
        return load(place)


@pytest.mark.parametrize("name", ["log_data/1.json", "song_data/3.json"])
def test_file_that_vanishes_during_the_load(place: Place, name: str) -> None:
    with pytest.raises(SourceError, match=Path(name).name):
        load_while(place, (place.folder / name).unlink)
    assert place.published() == 0
    place.write(FIRST)
    assert load(place).tables["songplays"] == 6


def test_log_that_grows_during_the_load(place: Place) -> None:
    """What was listed is loaded, up to its last whole record; the next load reads the rest."""
    path = place.folder / "log_data/4.json"
    half = play(4, 1)
    place.write([log("4", play(4, 0), half[:40])])

    def grow() -> None:
        with path.open("ab") as stream:
            stream.write(half[40:] + b"\n" + play(4, 2) + b"\n" + play(4, 3)[:40])

    first = load_while(place, grow)
    assert counts(first, "events") == (10, 8, 0, 2)
    assert first.tables["songplays"] == 7
    (note,) = [note for note in first.notes if "written to" in note]
    assert note.startswith(f"{path} was written to")
    with path.open("ab") as stream:
        stream.write(play(4, 3)[40:])
    second = load(place)
    assert files(second) == (0, 1, 5)
    assert counts(second, "events") == (4, 3, 1, 0)
    assert second.tables["songplays"] == 10


def test_song_that_grows_during_the_load(place: Place) -> None:
    path = place.folder / "song_data/3.json"
    content = path.read_bytes()
    other = content.replace(b'"song_id": "', b'"song_id": "X')
    assert other != content
    songs = load_while(place, lambda: path.write_bytes(content + b"\n" + other)).tables["songs"]
    again = load(place)
    assert (files(again), counts(again, "songs")) == ((0, 1, 4), (2, 1, 1, 0))
    assert again.tables["songs"] == songs + 1


def test_file_that_grows_between_reading_and_rejecting(loaded: Place) -> None:
    """The loser of a key is looked for in what was read."""
    loaded.write(SECOND, version=1)
    path = loaded.folder / "log_data/3.json"

    def grow(step: str, done: int, total: int | None, unit: str) -> None:
        if step == "transforming":
            with path.open("ab") as stream:
                stream.write(b"\n" + play(77, 0) + b"\n{")

    assert load(loaded, progress=grow).run_id == 2
    conflicts = "SELECT line_number FROM rejected_records WHERE reason = 'conflict' AND uri LIKE"
    ((lines,),) = [loaded.read(f"{conflicts} '%log_data/3.json' ORDER BY ALL")]
    assert lines
    report = load(loaded)
    assert (files(report)[1], counts(report, "events")[1]) == (1, 1)


def test_file_that_changes_between_reading_and_rejecting(loaded: Place) -> None:
    """The loser of a key is looked for in its file once more."""
    before = state(loaded.folder)
    loaded.write(SECOND, version=1)

    def change(step: str, done: int, total: int | None, unit: str) -> None:
        if step == "transforming":
            loaded.write([log("3", event(1, 0))], version=2)

    with pytest.raises(SourceError, match=r"3\.json changed while it was read"):
        load(loaded, progress=change)
    assert state(loaded.folder) == before


# Databases that cannot be


def test_database_of_a_newer_program_is_refused(loaded: Place) -> None:
    with duckdb.connect(str(loaded.settings.database)) as connection:
        connection.execute(f"UPDATE warehouse_info SET schema_version = {SCHEMA_VERSION + 1}")
    before = state(loaded.folder)
    with pytest.raises(WarehouseError, match="made by a newer Sparkify"):
        load(loaded)
    assert state(loaded.folder) == before


@pytest.mark.parametrize("content", [b"", b"hello\n", b"x" * 100_000])
def test_file_that_is_no_database(place: Place, content: bytes) -> None:
    place.settings.database.write_bytes(content)
    for action in (load, lambda place: etl.plan(place.settings)):
        with pytest.raises(WarehouseError, match="cannot be opened"):
            action(place)
    assert place.settings.database.read_bytes() == content


def test_database_that_is_a_folder(place: Place) -> None:
    place.settings.database.mkdir()
    with pytest.raises(WarehouseError, match="cannot be opened"):
        load(place)


def test_database_below_a_file(place: Place) -> None:
    (place.folder / "file").touch()
    settings = replace(place.settings, database=place.folder / "file" / "sparkify.duckdb")
    with pytest.raises(WarehouseError, match="cannot be opened") as caught:
        etl.load(settings)
    assert "folder is writable" in caught.value.next_step


def test_folder_of_the_database_is_made(place: Place) -> None:
    settings = replace(place.settings, database=place.folder / "a" / "b" / "sparkify.duckdb")
    etl.load(settings, answers=False)
    assert settings.database.exists()


def test_little_memory_is_enough(place: Place) -> None:
    report = etl.load(replace(place.settings, memory_limit="128MB"), answers=False)
    assert report.tables["songplays"] == 6


def test_foreign_tables_in_the_database_are_left_alone(place: Place) -> None:
    with duckdb.connect(str(place.settings.database)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 7 AS x")
    load(place)
    assert place.read("SELECT x FROM mine") == [[(7,)]]


def test_nothing_of_a_load_stays_but_its_tables(loaded: Place) -> None:
    loaded.write(SECOND, version=1)
    load(loaded)
    (names,) = loaded.read("SELECT table_name FROM information_schema.tables")
    assert sorted(name for (name,) in names) == sorted(TABLES + VIEWS)


# Audits


def test_audit_that_finds_rows_publishes_nothing(
    loaded: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(loaded.folder)
    loaded.write(SECOND, version=1)
    wrong = Query(
        "no_users", "SELECT user_id FROM users ORDER BY ALL", {"purpose": "Nobody plays."}
    )
    monkeypatch.setattr(loader, "audit_queries", (wrong,))
    with pytest.raises(QualityError, match=r"Nobody plays. \(no_users\): 5 rows") as caught:
        load(loaded)
    assert caught.value.details == {
        "check": "no_users",
        "rows": [["7"], ["7"], ["8"], ["9"], ["10"]],
    }
    assert state(loaded.folder) == before


# What a load tells


def test_answers_and_progress(place: Place) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    report = etl.load(place.settings, progress=lambda *one: told.append(one))
    assert len(report.answers) >= 25
    steps = list(dict.fromkeys(step for step, *_ in told))
    assert steps == ["reading", "transforming", "publishing", "answering"]
    for step in steps[:-1]:
        done = [one[1] for one in told if one[0] == step]
        assert done == sorted(done)
        assert {one[2] for one in told if one[0] == step} != {None}
        assert max(done) <= max(one[2] or 0 for one in told if one[0] == step)
    assert told[0][3] == "bytes"
    shown = report.as_json()
    assert len(shown["answers"]) == len(report.answers)
    assert shown["engine"] == "duckdb"


def test_warehouse_counts_runs(place: Place) -> None:
    with open_warehouse(place.settings) as warehouse:
        warehouse.create_tables()
        assert warehouse.newest_run() == 0
        assert warehouse.known_files() == {}
    load(place)
    with open_warehouse(place.settings) as warehouse:
        assert warehouse.newest_run() == 1
        known = warehouse.known_files()
    assert len(known) == 5
    assert [
        version.records_read for version in known[str(place.folder.resolve() / "log_data/1.json")]
    ] == [7]


# The real data


@pytest.fixture(scope="module")
def real_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, State]]:
    """The real data, loaded at once."""
    place = Place(tmp_path_factory.mktemp("real"))
    for name in ("log_data", "song_data", "log_json_path.json"):
        (place.folder / name).symlink_to(REAL / name)
    load(place)
    yield place, data(state(place.folder))


def read(place: Place, sql: str) -> list[tuple[Any, ...]]:
    (rows,) = place.read(sql)
    return rows


@real
def test_real_tables(real_place: tuple[Place, State]) -> None:
    place, held = real_place
    assert {name: rows.total() for name, rows in held.items()} == {
        "staging_events": 8056,
        "staging_songs": 71,
        "songplays": 6820,
        "users": 104,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    matched = [row for row in held["songplays"] if row[4]]
    assert [row[:7] for row in matched] == [
        (
            *("1542837407796-15-818-5", datetime(2018, 11, 21, 21, 56, 47, 796000)),
            *(15, "paid", "SOZCTXZ12AB0182364", "AR5KOSW1187FB35FF4", 818),
        )
    ]
    assert read(place, "SELECT * FROM rejected_records") == []


PLAYS = "SELECT {}, count(*) FROM songplays JOIN time USING (start_time) GROUP BY 1 ORDER BY 1"


@real
def test_real_plays_by_hour_weekday_week_and_level(real_place: tuple[Place, State]) -> None:
    place, _ = real_place

    def plays_by(column: str) -> dict[Any, int]:
        return dict(read(place, PLAYS.format(column)))

    hours = [
        *(155, 154, 117, 109, 136, 162, 183, 179, 207, 270, 312, 336),
        *(308, 324, 432, 477, 542, 494, 498, 367, 360, 280, 217, 201),
    ]
    assert plays_by("hour") == dict(enumerate(hours))
    assert plays_by("weekday") == dict(enumerate([396, 1014, 1071, 1364, 1052, 1295, 628]))
    assert plays_by("week") == {44: 410, 45: 1257, 46: 1958, 47: 1711, 48: 1484}
    assert plays_by("level") == {"free": 1229, "paid": 5591}
    assert plays_by("month") == {11: 6820}
    assert plays_by("time.year") == {2018: 6820}


@real
def test_real_plays_by_location_user_song_and_artist(real_place: tuple[Place, State]) -> None:
    place, _ = real_place

    def top(column: str, table: str, count: int = 10) -> list[tuple[Any, int]]:
        return read(
            place,
            f"SELECT {column}, count(*) FROM {table} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {count}",
        )

    assert top("location", "songplays") == [
        ("San Francisco-Oakland-Hayward, CA", 691),
        ("Portland-South Portland, ME", 665),
        ("Lansing-East Lansing, MI", 557),
        ("Chicago-Naperville-Elgin, IL-IN-WI", 475),
        ("Atlanta-Sandy Springs-Roswell, GA", 456),
        ("Waterloo-Cedar Falls, IA", 397),
        ("Lake Havasu City-Kingman, AZ", 321),
        ("Tampa-St. Petersburg-Clearwater, FL", 307),
        ("San Jose-Sunnyvale-Santa Clara, CA", 292),
        ("Sacramento--Roseville--Arden-Arcade, CA", 270),
    ]
    assert top("user_id", "songplays") == [
        *((49, 689), (80, 665), (97, 557), (15, 463), (44, 397)),
        *((29, 346), (24, 321), (73, 289), (88, 270), (36, 248)),
    ]
    plays = "staging_events WHERE page = 'NextSong'"
    assert top("song", plays, 8) == [
        ("You're The One", 37),
        ("Undo", 28),
        ("Revelry", 27),
        ("Sehr kosmisch", 21),
        ("Horn Concerto No. 4 in E flat K495: II. Romance (Andante cantabile)", 19),
        ("Canada", 17),
        ("Secrets", 17),
        ("Dog Days Are Over (Radio Edit)", 16),
    ]
    assert top("artist", plays) == [
        *(("Coldplay", 58), ("Kings Of Leon", 55), ("Dwight Yoakam", 38), ("The Black Keys", 36)),
        *(("Florence + The Machine", 35), ("Jack Johnson", 35), ("Muse", 35)),
        *(("Björk", 33), ("John Mayer", 31), ("The Killers", 31)),
    ]
    assert top("gender", plays) == [("F", 4887), ("M", 1933)]


@real
def test_real_totals(real_place: tuple[Place, State]) -> None:
    place, held = real_place
    assert read(
        place,
        "SELECT count(DISTINCT sessionid), sum(CAST(length AS DECIMAL(18, 5)))"
        " FROM staging_events WHERE page = 'NextSong'",
    ) == [(776, Decimal("1684759.74663"))]
    levels = Counter(row[0] for row in held["users"])
    assert sorted(user for user, count in levels.items() if count == 2) == [
        *(15, 16, 29, 36, 49, 80, 85, 88),
    ]
    assert len(levels) == 96
    assert not any(row[8].startswith('"') for row in held["songplays"])
    assert sum(row[3] is None for row in held["songs"]) == 43
    assert sum(row[2] is None for row in held["artists"]) > 20


def real_files() -> list[File]:
    return [
        File(
            str(path.relative_to(REAL)),
            "events" if folder == "log_data" else "songs",
            path.read_bytes(),
        )
        for folder in ("log_data", "song_data")
        for path in sorted((REAL / folder).rglob("*.json"))
    ]


def in_reverse() -> list[list[File]]:
    logs = [file for file in real_files() if file.kind == "events"]
    songs = [file for file in real_files() if file.kind == "songs"]
    last = [*logs[-1:], *songs[-5:]]
    return [last, *([log] for log in reversed(logs[:-1])), songs[:-5]]


def at_random(seed: int) -> list[list[File]]:
    random = Random(seed)
    batches: list[list[File]] = [[] for _ in range(3)]
    for file in real_files():
        random.choice(batches).append(file)
    for kind in ("events", "songs"):  # a source must not be empty at first
        batches[0] += [next(file for file in real_files() if file.kind == kind)]
    return batches


@pytest.mark.sampled(of=2)
@real
@pytest.mark.parametrize("split", ["in reverse", "at random 1"])
def test_real_data_in_any_split(
    real_place: tuple[Place, State], tmp_path: Path, split: str
) -> None:
    place = Place(tmp_path)
    batches = in_reverse() if split == "in reverse" else at_random(int(split[-1]))
    for version, batch in enumerate(batches):
        place.write(batch, version)
        load(place)
    assert data(state(place.folder)) == real_place[1]


@real
def test_real_data_again_and_rebuilt(real_place: tuple[Place, State]) -> None:
    place, held = real_place
    assert files(load(place)) == (0, 0, 101)
    load(place, rebuild=True)
    assert data(state(place.folder)) == held
    for path in (place.folder / "log_data").rglob("*.json"):
        assert path.exists()


@real
def test_real_data_under_other_names_is_all_duplicates(
    real_place: tuple[Place, State], tmp_path: Path
) -> None:
    place = Place(tmp_path)
    place.write(real_files())
    load(place)
    place.write(
        File(file.uri.replace("_data/", "_data/again/"), file.kind, file.content)
        for file in real_files()
    )
    report = load(place)
    assert counts(report, "events") == (8056, 0, 8056, 0)
    assert counts(report, "songs") == (71, 0, 71, 0)
    assert data(state(place.folder)) == real_place[1]


def test_song_that_matches_comes_before_between_or_after_its_plays(tmp_path: Path) -> None:
    early, late = play(1, 0), play(2, 0)
    for number, batches in enumerate(
        (
            [[log("1", early), song(1)], [log("2", late)]],
            [[log("1", early), song(9, "Nine")], [song(1)], [log("2", late)]],
            [[log("1", early), log("2", late), song(9, "Nine")], [song(1)], [song(0)]],
        )
    ):
        place = Place(tmp_path / str(number))
        for version, batch in enumerate(batches):
            place.write(batch, version)
            load(place)
        smallest = "SO0" if number == 2 else "SO1"
        assert read(place, "SELECT DISTINCT song_id, artist_id FROM songplays") == [
            (smallest, "AR1")
        ]


@pytest.mark.parametrize("order", [1, -1])
def test_listener_is_described_by_the_newest_play(tmp_path: Path, order: int) -> None:
    """Of plays of one moment, by the one of the greatest session, and in it of the last place."""
    place = Place(tmp_path)
    first, second = (
        play(1, 9, ts=MOMENT, firstName="Ada", gender="F"),
        play(2, 3, ts=MOMENT, firstName="Bea", gender=None),
    )
    third, oldest = (
        play(2, 10, ts=MOMENT, firstName="Abe", gender="M"),
        play(9, 9, ts=MOMENT - 1, firstName="Zoe"),
    )
    for number, line in enumerate((first, second, third, oldest)[::order]):
        place.write([log(str(number), line), song(1)])
        load(place)
    rows = [("7", "Abe", None, "M", "free")]
    assert read(place, "SELECT user_id::VARCHAR, * EXCLUDE (user_id) FROM users") == rows
    newest = [(7, "free", MOMENT, 2, 10)]
    assert read(place, "SELECT * FROM newest_plays") == newest
