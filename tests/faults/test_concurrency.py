"""Several processes at one warehouse: they wait for each other, or say for whom they did not."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import child_loads
from duckdb_warehouse import Place
from small_world import FIRST, SECOND, Prepared, State, state
from sparkify import create_tables, etl
from sparkify.config import Settings
from sparkify.errors import BusyError
from sparkify.warehouse import open_reader, open_warehouse
from sparkify.warehouse.duckdb.reader import export_tables


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("concurrency"), FIRST)


@pytest.fixture(scope="module")
def before(prepared: Prepared) -> State:
    return state(prepared.copy().folder)


@pytest.fixture(scope="module")
def after(prepared: Prepared) -> State:
    place = prepared.copy(SECOND)
    place.load()
    return state(place.folder)


def read(settings: Settings, **options: Any) -> None:
    with open_reader(settings, **options) as reader:
        assert reader.read("SELECT count(*) FROM songplays").rows == [(6,)]


def load(settings: Settings, **options: Any) -> None:
    etl.load(settings, answers=False, **options)


def rebuild(settings: Settings, **options: Any) -> None:
    etl.load(settings, rebuild=True, answers=False, **options)


def export(settings: Settings, **options: Any) -> None:
    folder = str(settings.database.parent)
    if "progress" not in options:
        options["progress"] = lambda *_: None
    export_tables(settings, {"users": "SELECT user_id FROM users"}, folder, **options)


WRITERS = [load, rebuild, create_tables.create, create_tables.drop]
READERS = [read, etl.plan, export]


@pytest.mark.parametrize("act", [*WRITERS, *READERS])
def test_load_that_is_under_way_is_not_waited_for(
    prepared: Prepared, before: State, act: Callable[..., object]
) -> None:
    place = prepared.copy()
    with (
        child_loads.holding(open_warehouse, place.folder) as holder,
        pytest.raises(BusyError, match=f"is in use by process {holder.pid} ") as caught,
    ):
        act(place.settings, wait=0)
    assert caught.value.details == {"process": holder.pid}
    assert (caught.value.exit_code, caught.value.retry_helps) == (7, True)
    assert str(place.settings.database) in caught.value.reason
    assert "python" in caught.value.reason
    assert "--wait" in caught.value.next_step
    assert state(place.folder) == before


@pytest.mark.parametrize("act", WRITERS)
def test_reader_keeps_writers_away(
    prepared: Prepared, before: State, act: Callable[..., object]
) -> None:
    place = prepared.copy()
    with (
        child_loads.holding(open_reader, place.folder) as holder,
        pytest.raises(BusyError, match=f"process {holder.pid} "),
    ):
        act(place.settings, wait=0)
    assert state(place.folder) == before


@pytest.mark.parametrize("act", READERS)
def test_reader_keeps_no_reader_away(prepared: Prepared, act: Callable[..., object]) -> None:
    place = prepared.copy()
    with child_loads.holding(open_reader, place.folder):
        act(place.settings, wait=0)


@pytest.mark.parametrize("act", [load, *READERS])
@pytest.mark.parametrize("hold", [open_warehouse, open_reader])
def test_waiting_for_whom(
    prepared: Prepared,
    act: Callable[..., object],
    hold: Callable[..., AbstractContextManager[object]],
) -> None:
    place = prepared.copy()
    told = []
    with child_loads.holding(hold, place.folder) as holder:

        def progress(step: str, done: int, total: int | None, unit: str) -> None:
            if step.startswith("waiting"):
                told.append((step, done, total, unit))
                if len(told) == 2:
                    holder.let_go()

        act(place.settings, wait=600, progress=progress)
        if act in READERS and hold is open_reader:
            assert told == []
            return
    assert len(told) >= 2
    assert told[0][0].startswith(f"waiting for process {holder.pid} (python")
    assert {one[2:] for one in told} == {(600, "seconds")}


def test_wait_has_an_end(prepared: Prepared) -> None:
    place = prepared.copy()
    told = []
    with (
        child_loads.holding(open_warehouse, place.folder),
        pytest.raises(BusyError, match=r"waited \d+ seconds"),
    ):
        load(place.settings, wait=0.1, progress=lambda *one: told.append(one))
    assert told


def test_of_two_loads_at_once_one_finds_nothing_new(prepared: Prepared, after: State) -> None:
    place = prepared.copy(SECOND)
    both = [child_loads.start(child_loads.load, place.folder) for _ in range(2)]
    assert [child_loads.end(child) for child in both] == [0, 0]
    assert state(place.folder) == after  # one run, each file once in the ledger


def test_two_first_loads_at_once(tmp_path: Path) -> None:
    alone, place = Place(tmp_path / "alone"), Place(tmp_path / "both")
    for one in (alone, place):
        one.write(FIRST)
    alone.load()
    both = [child_loads.start(child_loads.load, place.folder) for _ in range(2)]
    assert [child_loads.end(child) for child in both] == [0, 0]
    assert state(place.folder) == state(alone.folder)
    names = sorted(path.name for path in place.folder.iterdir())
    assert names == ["log_data", "song_data", "sparkify.duckdb"]


def test_readers_see_before_or_after(prepared: Prepared, before: State, after: State) -> None:
    place = prepared.copy(SECOND)
    names = ("staging_events", "songplays", "users", "time", "etl_runs", "rejected_records")
    states = [tuple(one[name].total() for name in names) for one in (before, after)]
    query = "SELECT " + ", ".join(f"(SELECT count(*) FROM {name})" for name in names)
    loading = child_loads.start(child_loads.load, place.folder)
    seen: list[tuple[int, ...]] = []
    while loading.is_alive() or not seen:
        with open_reader(place.settings, wait=600) as reader:
            seen += reader.read(query).rows
        time.sleep(0.05)  # let the load come to its turn
    assert child_loads.end(loading) == 0
    with open_reader(place.settings) as reader:
        seen += reader.read(query).rows
    assert set(seen) <= set(states)
    assert seen[-1] == states[1]


def test_lock_of_a_killed_load_is_gone(prepared: Prepared, before: State) -> None:
    place = prepared.copy(SECOND)
    child_loads.run(child_loads.load_killed_at, place.folder, 60)
    with open_reader(place.settings, wait=0) as reader:
        assert reader.read("SELECT max(run_id) FROM etl_runs").rows == [(1,)]
    assert state(place.folder) == before
    load(place.settings, wait=0)
