"""Several processes at one warehouse: one wins, the others wait or are told that it is busy.

A reader sees the warehouse as it was before or after some whole piece of work, and is never turned
away because a load is running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

import child_loads
from duckdb_warehouse import Place
from small_world import FIRST, SECOND, Prepared
from sparkify import create_tables, etl
from sparkify.errors import SparkifyError
from sparkify.sql_queries import TABLES
from sparkify.warehouse import open_reader

from . import acts
from .figures import Figure, Scale, none, tried
from .jobs import digest, held

READERS = 4
_BUSY = 7
_PATIENCE_SECONDS = 300
_QUESTIONS = (
    "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES),
    "SELECT max(songplay_id), sum(user_id), count(song_id), min(start_time), max(start_time)"
    " FROM songplays",
    "SELECT sum(run_id), sum(events_read), sum(songs_staged) FROM etl_runs",
)

# In a child


def load(folder: Path, wait: float) -> None:
    """Load; exit with the code of whatever a user would be told."""
    with_code(partial(etl.load, Place(folder).settings, answers=False, wait=wait))


def drop(folder: Path, wait: float) -> None:
    """Destroy the tables and make them anew."""
    with_code(partial(create_tables.drop, Place(folder).settings, wait=wait))


def with_code(act: Callable[[], object]) -> None:
    try:
        act()
    except SparkifyError as error:
        raise SystemExit(error.exit_code) from None


def read(folder: Path, number: int, seed: str) -> None:
    """Ask some times and write down what was answered. Few times: a load must have its turn."""
    random = Random(f"{seed} {number}")
    answers = []
    for _ in range(5):
        time.sleep(0.15 * random.random())
        answers.append(asked(Place(folder)))
    (folder.parent / f"answers-{number}").write_text("\n".join(answers), encoding="utf-8")


def asked(place: Place) -> str:
    """What the warehouse answers, as one line of text."""
    with open_reader(place.settings, wait=_PATIENCE_SECONDS) as reader:
        return repr([table.rows for table in reader.read_all(_QUESTIONS)])


# Outside


class Rounds:
    """Rounds of several processes at one warehouse. wrong: what was not as it must be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prepared = Prepared(folder / "one", FIRST)
        self.wrong: list[str] = []
        self.answers = 0
        before = self.prepared.copy(SECOND)
        self.digests, self.allowed = {}, {}
        for name, work in {
            "before": (),
            "after": (acts.load,),
            "empty": (acts.drop,),
            "all at once": (acts.drop, acts.load),
        }.items():
            place = self.prepared.copy(SECOND) if work else before
            for act in work:
                act(place.folder)
            self.digests[name] = digest(held(place))
            self.allowed[name] = asked(place)

    def round(self, number: int) -> None:
        """One round; its number says who takes part."""
        random = Random(f"round {number}")
        self.place = self.prepared.copy(SECOND)
        self._what = f"round {number}"
        kind = number % 4
        waits = (_PATIENCE_SECONDS, (0, _PATIENCE_SECONDS)[number // 4 % 2])
        loads = [partial(load, wait=wait) for wait in waits[: 1 + (kind in (0, 3))]]
        drops = [partial(drop, wait=_PATIENCE_SECONDS)] if kind >= 2 else []
        workers = random.sample([*loads, *drops], len(loads) + len(drops))
        started = [child_loads.start(worker, self.place.folder) for worker in workers]
        readers = READERS if kind in (1, 3) else 0
        reading = [
            child_loads.start(read, self.place.folder, n, self._what) for n in range(readers)
        ]
        self._end(started, workers)
        for reader in reading:
            self._note(f"a reader ended with {code}" if (code := child_loads.end(reader)) else "")
        whole = {"before", "after"} | ({"empty", "all at once"} if drops else set())
        self._check_answers(readers, whole)
        self._check_tables({"empty", "all at once"} if drops else {"after"})

    def _end(self, started: list[BaseProcess], workers: list[partial[None]]) -> None:
        codes = [child_loads.end(child) for child in started]
        for code, worker in zip(codes, workers, strict=True):
            allowed = (0, _BUSY) if worker.keywords["wait"] == 0 else (0,)
            self._note("" if code in allowed else f"{worker.func.__name__} ended with {code}")
        self._note("" if 0 in codes else "nobody won")

    def _check_answers(self, readers: int, whole: set[str]) -> None:
        allowed = {self.allowed[name] for name in whole}
        for number in range(readers):
            path = self.folder / "one" / f"answers-{number}"
            answers = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
            self.answers += len(answers)
            self._note("" if answers else f"reader {number} was never answered")
            for answer in set(answers) - allowed:
                self._note(f"between two states: {answer}")
            path.unlink(missing_ok=True)

    def _check_tables(self, endings: set[str]) -> None:
        """How it ended, and that one more load leads to where all files are loaded."""
        found = digest(held(self.place))
        if found not in {self.digests[name] for name in endings}:
            self._note("the tables are as after nobody's work")
        self.place.load(wait=0)
        wanted = {self.digests["after"], self.digests["all at once"]}
        self._note("" if digest(held(self.place)) in wanted else "in the end the tables differ")

    def _note(self, wrong: str) -> None:
        if wrong:
            self.wrong.append(f"{self._what}: {wrong}")


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Two loads, a load with four readers, a load and a destruction, all of them together."""
    return list(_figures(Rounds(folder), scale.numbers(8, 100)))


def _figures(rounds: Rounds, numbers: list[int]) -> Iterator[Figure]:
    for number in numbers:
        rounds.round(number)
    family = "several at once"
    readers = any(number % 2 for number in numbers)
    least = len(numbers) if readers else 0
    yield tried(family, "rounds", len(numbers), len(numbers))
    yield tried(family, "answers while others worked", rounds.answers, least)
    yield none(family, "wrong answers, errors, tables", rounds.wrong)
