"""What is measured: the load beside its peers, variants of the load, and every day's commands."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb

from . import datasets
from .comparing import WAREHOUSE, compare
from .contenders import FLOOR, OURS, PEERS, command, environ, missing
from .datasets import Data
from .places import BIN
from .rounds import Job, Results, interleave
from .terminal import say

LIMIT = "128MB"
LIMITED = {"SPARKIFY_DUCKDB_MEMORY_LIMIT": LIMIT}
ETL = (BIN / "sparkify", "etl", "--no-answers")


@dataclass(frozen=True)
class Session:
    """One call of `make bench`: the data, how many rounds, where to work, where results go.

    histories: those of `growth`, in millions of events.
    """

    data: Data
    rounds: int
    work: Path
    results: Results
    histories: tuple[int, ...] = ()

    def interleave(self, group: str, jobs: list[Job], *folders: Path) -> None:
        """Measure jobs; the files of the data (or of other folders) are read once a round."""
        say(f"{group}:")
        before = partial(datasets.warmed, *(folders or [self.data.folder]))
        interleave(group, jobs, self.rounds, self.results, self.work, before)

    def environ(self, name: str, data: Path | None = None, /, **more: str) -> dict[str, str]:
        """Build the environment of a job, on another folder of data if one is given."""
        return environ(data or self.data.folder, self.work / name, **more)


def load(session: Session, names: list[str]) -> None:
    """Measure whole loads of all contenders, and compare each one's tables with ours once."""
    failures = session.results.part("failures", "load")
    compared = session.results.part("differences")
    for name in names:
        if reason := missing(name):
            failures[name] = reason
    ours = session.work / OURS / WAREHOUSE

    def after(name: str, output: Path) -> None:
        if name != OURS and name not in compared and ours.exists():
            try:
                compared[name] = compare(ours, output, own_numbers=PEERS[name].own_numbers)
            except duckdb.Error as error:
                compared[name] = {"failed": str(error)}

    jobs = [
        Job(
            name,
            command(name, session.data.folder, session.work / name),
            session.environ(name),
            after=partial(after, name),
            keep=name == OURS,
        )
        for name in names
    ]
    session.interleave("load", jobs)


def variants(session: Session) -> None:
    """Measure our load as it is, with little memory, with one bad line, and of packed logs."""
    logs = session.data.logs
    say("making the logs with a bad line, the packed ones, and those without NULLs")
    folder = session.data.folder
    bad = datasets.with_bad_line(logs, session.work / "logs with a bad line")
    packed = datasets.packed(logs, folder.with_name(f"{folder.name}-packed"))
    sparse = datasets.without_nulls(logs, folder.with_name(f"{folder.name}-sparse"))
    settings: Mapping[str, Mapping[str, str]] = {
        "clean": {},
        "limited": LIMITED,
        "bad line": {"SPARKIFY_S3_LOG_DATA": str(bad)},
        "sparse": {"SPARKIFY_S3_LOG_DATA": str(sparse)},
        "packed": {"SPARKIFY_S3_LOG_DATA": str(packed)},
    }
    jobs = [Job(name, ETL, session.environ(name, **more)) for name, more in settings.items()]
    session.interleave("variants", jobs, folder, packed, sparse)


def shared(session: Session) -> None:
    """Measure our load beside the floor where listeners and runs share session numbers."""
    size = replace(datasets.SIZES[session.results.values["size"]], more=datasets.SHARED)
    folder = session.data.folder
    data = datasets.generated(f"{folder.name}-shared", size, folder.parent)
    session.results.values["shared"] = data.described()
    jobs = [
        Job(
            name,
            command(name, data.folder, session.work / name),
            session.environ(name, data.folder),
        )
        for name in (OURS, FLOOR)
    ]
    session.interleave("shared", jobs, data.folder)


def everyday(session: Session) -> None:
    """Measure what comes every day on a loaded warehouse: a new day, nothing new, questions."""
    whole = _loaded(session, "whole", session.data.folder / "log_data")
    days = datasets.linked(session.data.logs[:-1], session.work / "all days but one")
    shorter = _loaded(session, "all but a day", days)

    def job(name: str, words: tuple[str, ...], database: Path) -> Job:
        """Run a command on a copy of a database."""
        prepare = partial(_copied, database)
        return Job(name, (BIN / "sparkify", *words), session.environ(name), prepare)

    everyday = {
        "nothing new": ("etl", "--no-answers"),
        "status": ("status",),
        "help": ("--help",),
        "ask": ("ask",),
        **{f"ask {name}": ("ask", name) for name in _questions(session)},
    }
    first_load = Job("first load", ETL, session.environ("first load"))
    jobs = [first_load, job("new day", ("etl", "--no-answers"), shorter)]
    jobs += [job(name, words, whole) for name, words in everyday.items()]
    session.interleave("everyday", jobs)


def bounded(session: Session, smaller: Data) -> None:
    """Measure our load with little memory, of this data and of smaller data in turn."""
    jobs = [
        Job(name, ETL, environ(data.folder, session.work / name, **LIMITED))
        for name, data in (("smaller", smaller), ("this", session.data))
    ]
    session.results.values["smaller"] = smaller.described()
    session.interleave("bounded", jobs, smaller.folder)


def growth(session: Session) -> None:
    """Measure first loads of histories that grow, and the same day on top of each of them."""
    kept = session.data.folder.parent
    day = datasets.a_day(kept)
    for millions in session.histories:
        history = datasets.generated(f"{millions} million", datasets.history(millions), kept)
        first, own = f"{millions} million", session.environ(f"{millions} million", history.folder)
        session.results.part("histories")[first] = history.counts["staging_events"]
        database = session.work / first / WAREHOUSE
        added = f"a day on {first}"
        jobs = [
            Job(first, ETL, own, keep=True),
            Job(added, ETL, session.environ(added, day), partial(_copied, database)),
        ]
        session.interleave("growth", jobs, history.folder)
        shutil.rmtree(session.work / first)


def _copied(database: Path, folder: Path) -> None:
    shutil.copyfile(database, folder / WAREHOUSE)


def _loaded(session: Session, name: str, logs: Path) -> Path:
    """Load once, not measured; returns the database."""
    say(f"loading a warehouse to begin with: {name}")
    folder = session.work / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = session.environ(name, SPARKIFY_S3_LOG_DATA=str(logs))
    subprocess.run(ETL, cwd=folder, env=own, check=True, capture_output=True)
    return folder / WAREHOUSE


def _questions(session: Session) -> list[str]:
    """Name all business questions."""
    listed = subprocess.run(
        [BIN / "sparkify", "ask", "--list", "--json"],
        env=session.environ("list"),
        check=True,
        capture_output=True,
    )
    return [one["name"] for one in json.loads(listed.stdout)]


MEASURES: Mapping[str, Callable[[Session], None]] = {
    "variants": variants,
    "shared": shared,
    "everyday": everyday,
    "growth": growth,
}
