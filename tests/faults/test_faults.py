"""Loads that are interrupted or out of room: nothing is half done, and none is lost.

Loads that are killed: test_torture_kills.
"""

from __future__ import annotations

import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

import child_loads
from duckdb_warehouse import Place
from oracle import File
from small_world import FIRST, SECOND, Prepared, State, state
from sparkify import etl
from sparkify.errors import WarehouseError
from sparkify.sql_queries import TABLES
from sparkify.staging.rejects import RejectLog
from sparkify.warehouse.duckdb import connection, file_loaders
from sparkify.warehouse.duckdb.file_loaders import StrictPath
from sparkify.warehouse.duckdb.reader import open_reader

pytestmark = pytest.mark.sampled(of=3)


@dataclass
class Scene:
    """A load, before and after. calls: the statements of it, up to its commit."""

    prepared: Prepared
    files: list[File]
    before: State | None
    after: State
    calls: int

    def place(self) -> Place:
        return self.prepared.copy(self.files)

    def check(self, place: Place, *, published: bool | None = None) -> None:
        """The warehouse is as before or as after the load, and another load leads there."""
        found = held(place)
        allowed = {None: (self.before, self.after), True: (self.after,), False: (self.before,)}
        assert found in allowed[published]
        place.load()
        assert state(place.folder) == self.after
        assert set(tables(place)) == set(TABLES)


def held(place: Place) -> State | None:
    """What the warehouse holds; None: nothing, it may have no tables yet."""
    if not place.settings.database.exists() or not set(TABLES) <= set(tables(place)):
        return None
    found = state(place.folder)
    return found if found["etl_runs"] else None


def tables(place: Place) -> list[str]:
    (rows,) = place.read("SELECT table_name FROM duckdb_tables()")
    return [name for (name,) in rows]


def scene(folder: Path, loaded: list[list[File]], files: list[File]) -> Scene:
    prepared = Prepared(folder, *loaded)
    place = prepared.copy(files)
    before = held(place)
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", child_loads.watch(calls.append))
        place.load()
    last_commit = len(calls) - calls[::-1].index("commit")
    return Scene(prepared, files, before, state(place.folder), last_commit)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A load on top of another: a changed file, late songs, displaced records, rejects."""
    return scene(tmp_path_factory.mktemp("second"), [FIRST], SECOND)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The first load of all, which makes the database and its tables."""
    return scene(tmp_path_factory.mktemp("first"), [], FIRST)


# Interrupted


def interrupted(place: Place, number: int, error: BaseException) -> None:
    """Load, with an error in the place of one statement."""
    calls = 0

    def tell(name: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", child_loads.watch(tell))
        with pytest.raises(KeyboardInterrupt):
            place.load()


@pytest.mark.parametrize("start", [1, 10, 19])
def test_load_interrupted_at_a_statement(second: Scene, start: int) -> None:
    for number in range(start, second.calls + 1, 27):
        place = second.place()
        # between two statements, and as DuckDB's client says it within one
        errors = (KeyboardInterrupt(), RuntimeError("Query interrupted"))
        interrupted(place, number, errors[number % 2])
        assert state(place.folder) == second.before
    second.check(place, published=False)


@pytest.mark.parametrize("step", ["reading", "transforming", "publishing"])
def test_load_interrupted_in_a_step(second: Scene, step: str) -> None:
    place = second.place()

    def interrupt(told: str, done: int, total: int | None, unit: str) -> None:
        if told == step and (step != "transforming" or done > 8):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        place.load(progress=interrupt)
    second.check(place, published=False)


def test_interrupt_behind_the_commit_publishes(second: Scene) -> None:
    place = second.place()
    interrupted(place, second.calls + 1, KeyboardInterrupt())
    second.check(place, published=True)


def test_rebuild_interrupted(second: Scene) -> None:
    place = second.place()
    place.load()
    for number in (20, 40):
        calls = 0

        def tell(name: str, number: int = number) -> None:
            nonlocal calls
            calls += 1
            if calls == number:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(duckdb, "connect", child_loads.watch(tell))
            with pytest.raises(KeyboardInterrupt):
                place.load(rebuild=True)
        assert state(place.folder) == second.after


def test_ctrl_c_within_a_statement_is_an_interrupt(second: Scene) -> None:
    """What DuckDB's client makes of it (RuntimeError) is the client's; what we make of it, ours."""
    assert child_loads.run(child_loads.read_for_ever, second.place().folder) == 130


# Out of room


@pytest.mark.parametrize("size", [0, 5000, 11_000])
def test_full_disk_is_an_error_and_changes_nothing(second: Scene, size: int) -> None:
    place = second.place()
    assert child_loads.run(child_loads.load_on_a_full_disk, place.folder, size) == 5
    second.check(place, published=False)


def test_disk_full_behind_the_commit_is_no_failure(second: Scene) -> None:
    """The log of changes holds all; it is brought into the database file when there is room."""
    place = second.place()
    assert child_loads.run(child_loads.load_on_a_full_disk, place.folder, 3_000_000) == 0
    second.check(place, published=True)


def test_first_load_on_a_full_disk(first: Scene) -> None:
    place = first.place()
    assert child_loads.run(child_loads.load_on_a_full_disk, place.folder, 5000) == 5
    first.check(place, published=False)


def out_of_room(*_: object) -> Path:
    raise OSError(28, "No space left on device", "/tmp/piece.ndjson")


def test_full_folder_for_temporary_files(second: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    place = second.place()
    with monkeypatch.context() as patch:
        patch.setattr(StrictPath, "_stage_records", out_of_room)
        with pytest.raises(WarehouseError, match="No space left on device") as caught:
            place.load()
    assert "TMPDIR" in caught.value.next_step
    second.check(place, published=False)


def test_no_room_for_the_rejects(second: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are written behind a buffer, which is tried again when the log is closed."""
    place = second.place()
    with monkeypatch.context() as patch:
        patch.setattr(file_loaders, "RejectLog", lambda _: RejectLog(Path("/dev/full")))
        with pytest.raises(WarehouseError, match="No space left on device") as caught:
            place.load()
    assert "TMPDIR" in caught.value.next_step
    second.check(place, published=False)


def test_no_folder_for_temporary_files(second: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    place = second.place()
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(place.folder / "nothing"))
        with pytest.raises(WarehouseError, match="temporary files: No such file") as caught:
            place.load()
    assert "TMPDIR" in caught.value.next_step
    second.check(place, published=False)


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException("disk"),
        duckdb.OutOfMemoryException("memory"),
    ],
)
def test_failure_of_the_engine_at_any_statement(second: Scene, error: duckdb.Error) -> None:
    for number in (5, 30, 70, second.calls):
        place = second.place()
        calls = 0

        def tell(name: str, number: int = number) -> None:
            nonlocal calls
            calls += 1
            if calls >= number and name != "rollback":
                raise error

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(duckdb, "connect", child_loads.watch(tell))
            with pytest.raises(WarehouseError, match=str(error)):
                place.load()
        assert held(place) == second.before
    second.check(place, published=False)


def test_rollback_that_fails_hides_no_error(second: Scene) -> None:
    place = second.place()
    calls = 0

    def tell(name: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 80:
            raise duckdb.FatalException("the disk is gone")
        if calls > 80 and name == "rollback":
            raise duckdb.TransactionException("no transaction is active")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", child_loads.watch(tell))
        with pytest.raises(WarehouseError, match="the disk is gone"):
            place.load()
    second.check(place, published=False)


def test_leftovers_of_a_killed_load_are_seen_by_nobody(second: Scene) -> None:
    place = second.place()
    child_loads.run(child_loads.load_killed_at, place.folder, second.calls)
    assert {"new_events", "new_songs"} <= set(tables(place))
    with open_reader(place.settings, wait=0) as reader:
        assert reader.read("SELECT max(run_id) FROM etl_runs").rows == [(1,)]
    second.check(place, published=False)


# Behind the commit


def refuse(*_: object, **__: object) -> None:
    raise WarehouseError("the disk is gone", "Put it back.", disk=1)


@pytest.mark.parametrize("step", ["_shrunk", "ask"])
def test_failure_behind_the_commit_says_that_the_load_was_published(
    second: Scene, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    place = second.place()
    with monkeypatch.context() as patch:
        patch.setattr(etl, step, refuse)
        with pytest.raises(WarehouseError, match=r"gone; run 2 was published before$") as caught:
            etl.load(place.settings)
    assert (caught.value.next_step, caught.value.details) == ("Put it back.", {"disk": 1})
    second.check(place, published=True)


def test_failure_of_the_answers_says_only_what_was_done(
    second: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = second.place()
    place.load()
    monkeypatch.setattr(etl, "ask", refuse)
    with pytest.raises(WarehouseError, match=r"gone; the star was rebuilt before$"):
        etl.load(place.settings, rebuild=True)
    assert not etl.load(place.settings).answers  # there was nothing to load, nor to answer


# Damaged


def damage(place: Place, table: str) -> None:
    """Change a byte of the first block that a table has."""
    segments = f"SELECT min(block_id) FROM pragma_storage_info('{table}') WHERE block_id >= 0"
    [[(block,)]] = place.read(segments)
    with place.settings.database.open("r+b") as stream:
        stream.seek(3 * 4096 + block * 262_144 + 100)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 1]))


def test_damage_in_the_runs_is_met_before_anything_is_published(second: Scene) -> None:
    """The newest run is known by its number alone; the report reads all of every run."""
    place = second.place()
    damage(place, "etl_runs")
    intact = [f"SELECT * FROM {table} ORDER BY ALL" for table in TABLES if table != "etl_runs"]
    before = place.read(*intact)
    with pytest.raises(WarehouseError, match="Corrupt database file") as caught:
        place.load()
    assert "published" not in caught.value.reason
    assert "is damaged" in caught.value.next_step
    assert place.read(*intact) == before


@pytest.mark.parametrize(
    "error",
    [
        duckdb.Error("Corrupt database file: computed checksum 1 does not match"),
        duckdb.IOException('Could not read enough bytes from file "x.duckdb"'),
    ],
)
def test_damage_is_told_with_what_helps(error: duckdb.Error) -> None:
    with pytest.raises(WarehouseError) as caught, connection.failures("x"):
        raise error
    assert "into a new file" in caught.value.next_step


def test_damaged_file_that_cannot_be_opened(second: Scene) -> None:
    place = second.place()
    with place.settings.database.open("r+b") as stream:
        stream.truncate(3 * 4096 + 1000)
    with pytest.raises(WarehouseError, match="cannot be opened") as caught:
        place.load()
    assert caught.value.next_step.startswith("The database file is damaged. ")
