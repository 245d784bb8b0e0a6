"""SIGKILL at any moment, at named boundaries, before any call, in a write; then to the end."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import child_loads

from . import acts
from .figures import Figure, Scale, none, tried
from .jobs import Job, Jobs

ASKING = "before the answers"
"""The boundary that only a load with answers reaches."""
_MOST_BYTES = 6_000_000
"""A file of a warehouse of this size is not longer than that."""


class Killer:
    """Kills acts. kills: how many, by the way. wrong: what was not as it must be."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.jobs = Jobs(folder, *names)
        self.kills: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._seconds = dict.fromkeys(self.jobs, 0.5)

    def at_boundaries(self, numbers: Iterable[int]) -> None:
        """Kill a load at every named boundary in turn, and the other work in the midst of it."""
        for number in numbers:
            names = [*acts.BOUNDARIES, "a hashed file", "rebuild", "create-tables", "drop"]
            boundary = names[number % len(names)]
            random = Random(f"boundary {number}")
            if boundary in acts.BOUNDARIES:
                job = self._load(random)
                asking = acts.load_and_ask if boundary == ASKING else job.act
                act = partial(acts.at_boundary, act=asking, boundary=boundary)
            elif boundary == "a hashed file":
                job = self.jobs["--verify"]
                act = partial(acts.at_file, number=random.randint(1, 40))
            else:
                name = {"rebuild": "--rebuild", "drop": "create-tables --drop"}
                job = self.jobs[name.get(boundary, boundary)]
                act = partial(acts.at_call, act=job.act, number=random.randint(2, job.calls - 2))
            self._check(job, partial(act, befall=acts.kill), f"boundary {number}: {boundary}")

    def at_calls(self, numbers: Iterable[int]) -> None:
        """Kill any work before any of its calls to the engine."""
        for number in numbers:
            random = Random(f"call {number}")
            job = self.jobs[random.choice(list(self.jobs))]
            call = random.randint(1, job.calls)
            act = partial(acts.at_call, act=job.act, number=call, befall=acts.kill)
            self._check(job, act, f"call {number}: {call}")

    def in_destruction(self, calls: Iterable[int]) -> None:
        """Kill the destruction of the tables at calls: all are there, or all are new."""
        job = self.jobs["create-tables --drop"]
        for call in calls:
            act = partial(acts.at_call, act=job.act, number=call, befall=acts.kill)
            self._check(job, act, f"destruction: {call}")

    def in_writes(self, numbers: Iterable[int]) -> None:
        """Kill any work in a write: it is torn."""
        for number in numbers:
            random = Random(f"write {number}")
            job = self.jobs[random.choice(list(self.jobs))]
            size = round(_MOST_BYTES ** random.random())
            act = partial(child_loads.killed_in_a_write, act=job.act, size=size)
            self._check(job, act, f"write {number}: behind {size} bytes")

    def at_any_moment(self, numbers: Collection[int]) -> None:
        """Kill any work after a time, more than once before it is left to end, now and then.

        It goes on to more numbers until it has killed as often as there are numbers.
        """
        more = range(max(numbers) + 1, max(numbers) + 1 + 3 * len(numbers))
        for number in (one + 1 for one in (*numbers, *more)):
            if self.kills["moments"] >= len(numbers):
                break
            random = Random(f"moment {number}")
            job = self.jobs[random.choice(list(self.jobs))]
            place = job.place()
            for _ in range(random.choice((1, 1, 2, 3))):
                self.kills["moments"] += self._kill_after(job, place.folder, random)
                self._note(job, job.wrong(place), f"moment {number}")
            self._note(job, job.wrong_in_the_end(place), f"moment {number}, in the end")

    def _kill_after(self, job: Job, folder: Path, random: Random) -> bool:
        """Act for a while in a child; returns whether it was killed before its end."""
        began = time.monotonic()
        child = child_loads.start(job.act, folder)
        child.join(random.random() * self._seconds[job.name])
        child.kill()
        killed = child_loads.end(child) == -signal.SIGKILL
        if not killed:
            self._seconds[job.name] = time.monotonic() - began
        else:
            self._seconds[job.name] *= 1.02
        return killed

    def _load(self, random: Random) -> Job:
        return self.jobs[random.choice([name for name in self.jobs if "load" in name])]

    def _check(self, job: Job, act: acts.Act, what: str) -> None:
        place = job.place()
        code = child_loads.run(act, place.folder)
        if code not in (-signal.SIGKILL, -signal.SIGXFSZ):
            if code or not what.startswith("write"):
                self._note(job, f"was not killed but ended with {code}", what)
        else:
            self.kills[what.split()[0]] += 1
        self._note(job, job.wrong(place), what)
        self._note(job, job.wrong_in_the_end(place), f"{what}, in the end")

    def _note(self, job: Job, wrong: str, what: str) -> None:
        if wrong:
            self.wrong.append(f"{job.name}, {what}: {wrong}")


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Half of the kills: at boundaries, before calls, in writes."""
    killer = Killer(folder)
    boundaries, calls = scale.numbers(15, 105), scale.numbers(10, 105)
    writes = scale.numbers(10, 60)
    killer.at_boundaries(boundaries)
    killer.at_calls(calls)
    killer.in_writes(writes)
    least = len(boundaries) + len(calls) + len(writes) - scale.of(5, 20)
    return list(_figures("kills at boundaries, calls, writes", killer, least))


def run_moments(scale: Scale, folder: Path) -> list[Figure]:
    """The other half: at any moment."""
    killer = Killer(folder)
    numbers = scale.numbers(20, 250)
    killer.at_any_moment(numbers)
    return list(_figures("kills at any moment", killer, len(numbers)))


def run_destruction(scale: Scale, folder: Path) -> list[Figure]:
    """`create-tables --drop` alone."""
    name = "create-tables --drop"
    killer = Killer(folder, name)
    calls = range(2, killer.jobs[name].calls + 1, scale.of(3, 1))  # the first opens the file
    struck = [calls[number] for number in scale.numbers(len(calls), len(calls))]
    killer.in_destruction(struck)
    return list(_figures(f"kills of {name}", killer, len(struck)))


def _figures(family: str, killer: Killer, least: int) -> Iterator[Figure]:
    yield tried(family, "kills", killer.kills.total(), least)
    yield none(family, "differences", killer.wrong)
