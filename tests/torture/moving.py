"""Source files that change between being listed and being read, and a clock that jumps."""

from __future__ import annotations

import datetime as datetime_module
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Self

from duckdb_warehouse import Place
from small_world import FIRST, SECOND, Prepared, data
from sparkify import etl

from . import acts
from .commands import run_command
from .figures import Figure, Scale, none, tried
from .jobs import difference, held

# What happens to a file. It has the same records afterwards, once it is put right.


def vanish(path: Path) -> None:
    path.unlink()


def grow(path: Path) -> None:
    """By its last record once more."""
    with path.open("ab") as stream:
        stream.write(b"\n" + path.read_bytes().strip().split(b"\n")[-1])


def shrink(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def exchange(path: Path) -> None:
    """Another file of the same size and the same records takes its place."""
    other = path.with_name(f"{path.name}.other")
    other.write_bytes(path.read_bytes().replace(b'": ', b'" :'))
    other.replace(path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES = (vanish, grow, shrink, empty, exchange, become_a_folder)
FILES = ("log_data/1.json", "log_data/3.json", "song_data/1.json", "song_data/again.json")
WHEN = ("after listing", "in the middle of staging", "after staging", "before the commit")
"""Behind staging only files with conflicts are looked at again."""


def befall(boundary: str, change: Callable[[Path], None], path: Path) -> None:
    """Let a file change at a boundary of a load."""
    acts.befall_at_boundary(boundary, partial(_once, change, path))


def _once(change: Callable[[Path], None], path: Path) -> None:
    if path.is_file():
        change(path)


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Every change of every file at every time; some of them at the quick scale."""
    prepared = Prepared(folder / "moving", FIRST)
    before = held(prepared.copy())
    done = prepared.copy(SECOND)
    done.load()
    after = held(done)
    cases = [(when, change, name) for change in CHANGES for name in FILES for when in WHEN]
    cases = cases[:: scale.of(7, 1)]
    cases = [cases[number] for number in scale.numbers(len(cases), len(cases))]
    wrong = []
    for when, change, name in cases:
        place = prepared.copy(SECOND)
        path = place.folder / name
        ended = run_command(
            place.folder, ("etl", "--no-answers"), partial(befall, when, change, path)
        )
        what = f"{name} {change.__name__} {when}"
        found = held(place)
        told = [ended.wrong(0, 4)]
        if ended.code:
            told += [
                difference(found, before),
                "" if name in ended.said else "the file is not named",
            ]
        _put_right(place, path)
        place.load()
        whole = held(place)
        assert whole is not None
        assert after is not None
        told.append(difference(data(whole), data(after)))
        wrong += [f"{what}: {one}" for one in told if one]
    return [
        tried("files that change while they are read", "changes", len(cases), len(cases)),
        none("files that change while they are read", "differences, other exit codes", wrong),
    ]


def _put_right(place: Place, path: Path) -> None:
    """Somebody writes the file as it was meant."""
    if path.is_dir():
        path.rmdir()
    [file] = [file for file in SECOND if str(path).endswith(file.uri)]
    place.write([file], 99)


# The clock


class JumpingClock(datetime_module.datetime):
    """A clock that is set back and forth by up to ten years, whenever somebody looks at it."""

    random = Random()

    @classmethod
    def now(cls, tz: datetime_module.tzinfo | None = None) -> Self:
        return super().now(tz) + datetime_module.timedelta(days=cls.random.uniform(-3650, 3650))


def jumping(seed: int) -> None:
    """Let the clock jump, from here on."""
    JumpingClock.random = Random(f"clock {seed}")
    vars(etl)["datetime"] = JumpingClock
    original = time.time
    time.time = lambda: original() + JumpingClock.random.uniform(-1e8, 1e8)


def jumping_load(folder: Path, seed: int) -> None:
    jumping(seed)
    acts.load(folder)


def run_clock(scale: Scale, folder: Path) -> list[Figure]:
    """Loads while the clock jumps, then asking and checking while it goes on jumping."""
    prepared = Prepared(folder / "clock")
    place = prepared.copy()
    after = None
    wrong: list[str] = []
    jumps = scale.numbers(2, 20)
    for seed in (-1, *jumps):  # the first time with a clock that is right
        place = prepared.copy()
        for version, files in enumerate((FIRST, SECOND)):
            place.write(files, version)
            install = partial(jumping, seed) if seed >= 0 else _no_jump
            told = [run_command(place.folder, ("etl",), install).wrong(0)]
            wrong += [f"load {seed}: {one}" for one in told if one]
        if seed < 0:
            after = held(place)
            continue
        wrong += [f"{seed}: {one}" for one in _asked(place, seed) if one]
        wrong += [f"{seed}: {one}" for one in [difference(held(place), after)] if one]
    return [
        tried("a clock that jumps", "pairs of loads", len(jumps), len(jumps)),
        none("a clock that jumps", "differences, other exit codes", wrong),
    ]


def _no_jump() -> None:
    """Leave the clock alone."""


def _asked(place: Place, seed: int) -> Iterator[str]:
    for words in (("check",), ("status",)):
        yield run_command(place.folder, words, partial(jumping, seed)).wrong(0)
