"""What is done to a warehouse, with all that it must hold before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pytest

import child_loads
from duckdb_warehouse import Place
from oracle import File
from small_world import Prepared, State, state
from sparkify.sql_queries import TABLES

from . import acts
from .months import batches


@dataclass(frozen=True)
class Job:
    """One act on a warehouse.

    before: what the warehouse may hold until it is done, None: no tables.
    after: what it holds when it is done. calls: to the engine, up to the end of it.
    """

    name: str
    act: acts.Act
    prepared: Prepared
    files: tuple[File, ...]
    before: tuple[State | None, ...]
    after: State
    calls: int

    def place(self) -> Place:
        """A fresh copy of the folder, in the place of the copy before it."""
        return self.prepared.copy(list(self.files))

    def wrong(self, place: Place) -> str:
        """What is wrong after something befell the act: neither before nor after, if anything."""
        try:
            found = held(place)
        except duckdb.Error as error:
            return f"half made: {error}"
        if digest(found) in {digest(one) for one in (*self.before, self.after)}:
            return ""
        return f"neither as before nor as after: {difference(found, self.after)}"

    def wrong_in_the_end(self, place: Place) -> str:
        """Do it to its end; what is wrong then, if anything."""
        if code := child_loads.run(self.act, place.folder):
            return f"ended with {code}"
        return difference(held(place), self.after)


def held(place: Place) -> State | None:
    """What the warehouse holds; None: it is not there, or has no tables. Half of them: an error."""
    if not place.settings.database.exists():
        return None
    with duckdb.connect(str(place.settings.database), read_only=True) as connection:
        found = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    return state(place.folder) if {name for (name,) in found} & set(TABLES) else None


def digest(whole: State | None) -> str:
    """One short text for all rows of all tables."""
    rows = sorted(
        (name, sorted(map(repr, rows.elements()))) for name, rows in (whole or {}).items()
    )
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def difference(found: State | None, wanted: State | None) -> str:
    """In which tables two states differ, and by which rows."""
    if digest(found) == digest(wanted):
        return ""
    if found is None or wanted is None:
        return f"found {'nothing' if found is None else 'something'}"
    told = []
    for name in wanted:
        missing, surplus = wanted[name] - found[name], found[name] - wanted[name]
        if missing or surplus:
            example = next(iter((missing or surplus).elements()))
            told.append(f"{name}: {missing.total()} missing, {surplus.total()} too many, {example}")
    return "; ".join(told)


WORK: Mapping[str, tuple[acts.Act, int, int | None]] = {
    "first load": (acts.load, 0, 0),
    "second load": (acts.load, 1, 1),
    "second load with several processes": (acts.load_with_processes, 1, 1),
    "third load with answers": (acts.load_and_ask, 2, 2),
    "--verify": (acts.verify, 1, 1),
    "--rebuild": (acts.rebuild, 3, None),
    "create-tables": (acts.create, 0, None),
    "create-tables --drop": (acts.drop, 2, None),
}
"""Name -> act, how many months were loaded before, which month lies there as files."""


class Jobs(Mapping[str, Job]):
    """Every kind of work on a warehouse, or some of them; each is made when it is asked for."""

    def __init__(self, folder: Path, *names: str) -> None:
        self._names = [name for name in WORK if not names or name in names]
        self._prepared = cache(
            lambda loaded: Prepared(folder / str(loaded), *map(list, batches()[:loaded]))
        )
        self._made: dict[str, Job] = {}

    def __getitem__(self, name: str) -> Job:
        if name not in self._made:
            act, loaded, month = WORK[name]
            files = () if month is None else batches()[month]
            self._made[name] = _job(name, act, self._prepared(loaded), files)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _job(name: str, act: acts.Act, prepared: Prepared, files: tuple[File, ...]) -> Job:
    place = prepared.copy(list(files))
    before = [held(place)]
    if before == [None] and act is not acts.create:
        empty = prepared.copy()
        acts.create(empty.folder)
        before.append(held(empty))
        place = prepared.copy(list(files))
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", child_loads.watch(calls.append))
        act(place.folder)
    after = held(place)
    assert after is not None
    return Job(name, act, prepared, files, tuple(before), after, len(calls))
