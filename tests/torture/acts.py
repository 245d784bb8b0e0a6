"""What a child process does to a warehouse, and the named boundaries at which something befalls it.

Nothing in the program knows of the boundaries: the child puts them around public functions, around
the calls to the engine, or into the progress that the program tells.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

import child_loads
from duckdb_warehouse import Place
from sparkify import create_tables, etl, processes
from sparkify.progress import Progress, silent

Act = Callable[[Path], object]
Befall = Callable[[], object]
"""What happens at a boundary: a signal, an error."""

# Acts


def load(folder: Path) -> None:
    etl.load(Place(folder).settings, answers=False)


def load_with_processes(folder: Path) -> None:
    """Load as if there were thousands of files: several processes read them."""
    many, processes.MANY_FILES = processes.MANY_FILES, 1
    try:
        load(folder)
    finally:
        processes.MANY_FILES = many


def load_and_ask(folder: Path) -> None:
    etl.load(Place(folder).settings)


def verify(folder: Path) -> None:
    etl.load(Place(folder).settings, verify=True, answers=False)


def rebuild(folder: Path) -> None:
    etl.load(Place(folder).settings, rebuild=True, answers=False)


def create(folder: Path) -> None:
    create_tables.create(Place(folder).settings)


def drop(folder: Path) -> None:
    create_tables.drop(Place(folder).settings)


# Boundaries


def _around(owner: Any, name: str, before: Befall | None, after: Befall | None) -> None:
    original = getattr(owner, name)

    def around(*args: Any, **options: Any) -> Any:
        if before:
            before()
        result = original(*args, **options)
        if after:
            after()
        return result

    setattr(owner, name, around)


def _told(wanted: str, time: int, befall: Befall) -> None:
    """When the program tells of a step for the given time, counted from 1."""
    original = etl.load
    left = time

    def load(*args: Any, progress: Progress = silent, **options: Any) -> etl.LoadReport:
        def tell(step: str, done: int, total: int | None, unit: str) -> None:
            nonlocal left
            left -= step == wanted
            if step == wanted and left == 0:
                befall()
            progress(step, done, total, unit)

        return original(*args, progress=tell, **options)

    etl.load = load


def befall_at_call(number: int, befall: Befall) -> None:
    """Let something befall whatever is done, before a call to the engine, counted from 1."""
    calls = 0

    def count(name: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            befall()

    duckdb.connect = child_loads.watch(count)  # type: ignore[assignment]


class _Committing(child_loads.Watched):
    """A connection whose publishing commit has something before and behind it."""

    published = False
    before: Befall | None = None
    behind: Befall | None = None

    def commit(self) -> None:
        publishing = _Committing.published
        if publishing and _Committing.before:
            _Committing.before()
        self._connection.commit()
        if publishing and _Committing.behind:
            _Committing.behind()


def _at_commit(before: Befall | None = None, behind: Befall | None = None) -> None:
    """At the commit that follows the transform: it publishes."""
    connect = duckdb.connect

    def publishing() -> None:
        _Committing.published = True

    _Committing.before, _Committing.behind = _plainly(before), _plainly(behind)
    _told("transforming", 1, publishing)
    duckdb.connect = lambda *args, **options: _Committing(  # type: ignore[assignment]
        connect(*args, **options), lambda _: None
    )


def _plainly(befall: Befall | None) -> Befall | None:
    """Something that stays a function when it is an attribute of a class."""
    return staticmethod(befall) if befall else None


def _warehouse() -> Any:
    from sparkify.warehouse.duckdb.loader import DuckDBWarehouse

    return DuckDBWarehouse


BOUNDARIES: Mapping[str, Callable[[Befall], None]] = {
    "after listing": lambda befall: _around(etl, "list_sources", None, befall),
    "before staging": lambda befall: _around(_warehouse(), "stage", befall, None),
    "in the middle of staging": lambda befall: _told("reading", 2, befall),
    "after staging": lambda befall: _around(_warehouse(), "stage", None, befall),
    "in the middle of the transform": lambda befall: _told("transforming", 12, befall),
    "before the audit": lambda befall: _told("publishing", 1, befall),
    "before the commit": lambda befall: _at_commit(before=befall),
    "after the commit": lambda befall: _at_commit(behind=befall),
    "after publishing": lambda befall: _around(_warehouse(), "publish", None, befall),
    "before the answers": lambda befall: _told("answering", 1, befall),
    "before the report": lambda befall: _around(etl, "contents", None, befall),
}
"""Of a load with answers; each installs what befalls it."""


def befall_at_boundary(boundary: str, befall: Befall) -> None:
    """Let something befall a load at a boundary."""
    BOUNDARIES[boundary](befall)


def at_boundary(folder: Path, act: Act, boundary: str, befall: Befall) -> None:
    """Act, and let something befall it at a boundary."""
    befall_at_boundary(boundary, befall)
    act(folder)


def at_call(folder: Path, act: Act, number: int, befall: Befall) -> None:
    """Act, and let something befall it before a call to the engine, counted from 1."""
    befall_at_call(number, befall)
    act(folder)


def at_file(folder: Path, number: int, befall: Befall) -> None:
    """Load with --verify, and let something befall it at a file that is hashed."""
    left = number

    def hashing() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            befall()

    _around(etl, "hashed", hashing, None)
    verify(folder)


def kill() -> None:
    """End this process at once, with no chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)
