"""Loads that are refused or fail, and what stays as it was: rejects, sources, databases, audits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from duckdb_warehouse import Place
from etl_loads import counts, files, load
from oracle import File
from small_world import (
    FIRST,
    SECOND,
    data,
    event,
    log,
    play,
    song,
    state,
)
from sparkify import etl, sql_queries
from sparkify.config import Settings
from sparkify.errors import QualityError, SourceError, TooManyRejectedError, WarehouseError
from sparkify.etl import LoadReport
from sparkify.sources import jsonpaths
from sparkify.sql_queries import (
    SCHEMA_VERSION,
    TABLES,
    VIEWS,
    Query,
)
from sparkify.warehouse import open_warehouse

pytestmark = pytest.mark.sampled(of=3)

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
    read_keys = jsonpaths.read_keys

    def acting(*args: Any) -> Any:
        act()
        return read_keys(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparkify.etl.read_keys", acting)
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
    monkeypatch.setattr(sql_queries, "audit_queries", (wrong,))
    said = r"Nobody plays. \(no_users\): rows break this \(5\)"
    with pytest.raises(QualityError, match=said) as caught:
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
    [(_, _, records_read)] = known[str(place.folder.resolve() / "log_data/1.json")]
    assert records_read == 7
