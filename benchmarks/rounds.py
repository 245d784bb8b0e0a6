"""Interleaved rounds: each contender once, then each again; every figure is kept at once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .measuring import FailedRun, measure
from .terminal import say


@dataclass(frozen=True)
class Job:
    """One thing to measure.

    prepare: makes the folder of a run ready, which is empty then; not measured.
    after: looks at what it left there; not measured. keep: the folder stays after the last round.
    """

    name: str
    command: Sequence[str | Path]
    environ: Mapping[str, str]
    prepare: Callable[[Path], None] | None = None
    after: Callable[[Path], None] | None = None
    keep: bool = False


@dataclass
class Results:
    """The results of a size, in a JSON file that is written again after each run."""

    file: Path
    values: dict[str, Any] = field(default_factory=dict)

    def save(self) -> None:
        """Write the file; a reader sees the old or the new one."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.values, indent=1) + "\n", encoding="utf-8")
        new.replace(self.file)

    def part(self, *names: str) -> dict[str, Any]:
        """Return a part of the values, made where it is missing."""
        here = self.values
        for name in names:
            here = here.setdefault(name, {})
        return here


def interleave(
    group: str,
    jobs: Sequence[Job],
    rounds: int,
    results: Results,
    work: Path,
    before: Callable[[], None] | None = None,
) -> None:
    """Measure the jobs of a group in turn, until each has its rounds.

    work: gets a folder for each job. before: runs before each round, not measured.
    Rounds that the results have already are not run again. A job that fails is noted, the others
    go on, and it is not tried again.
    """
    runs, failures = results.part("runs", group), results.part("failures", group)
    for number in range(rounds):
        due = [one for one in jobs if one.name not in failures]
        due = [one for one in due if len(runs.setdefault(one.name, [])) <= number]
        if due and before:
            before()
        for job in due:
            done = runs[job.name]
            folder = work / job.name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                if job.prepare:
                    job.prepare(folder)
                os.sync()  # what others wrote is not to be written out on our time
                cost = measure(job.command, folder, job.environ)
            except FailedRun as error:
                failures[job.name] = str(error)
                say(f"  {group} {number + 1}/{rounds}  {job.name:24} failed: {error}")
            else:
                done.append(cost.as_json())
                say(
                    f"  {group} {number + 1}/{rounds}  {job.name:24} {cost.wall:9.2f} s"
                    f"  CPU {cost.cpu:9.2f} s  peak {cost.peak:8.0f} MB"
                )
                if job.after:
                    job.after(folder)
            if not job.keep:
                shutil.rmtree(folder)
            results.save()
