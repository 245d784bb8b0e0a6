"""SIGTERM, SIGINT and SIGHUP, at named boundaries and at any moment: exit 130, and nothing left."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import child_loads
from redshift_warehouse import Cloud, Tables, cloud
from small_world import FIRST, SECOND
from sparkify import etl, iac
from sparkify.config import Settings

from . import acts
from .commands import WORDS, run_command, speak_to
from .figures import Figure, Scale, none, tried
from .jobs import Job, Jobs

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TOLD = "Error: interrupted"

# In a child


def tell_oneself(*numbers: int) -> None:
    """Send signals to this process, one right after the other."""
    for number in numbers:
        os.kill(os.getpid(), number)


def install_signals(install: Callable[[acts.Befall], None], numbers: tuple[int, ...]) -> None:
    """Put signals where `install` puts what befalls."""
    install(partial(tell_oneself, *numbers))


def after_a_while(befall: acts.Befall, seconds: float) -> None:
    """Let a thread do it, some time after a load or other work has begun."""
    original = etl.load

    def load(*args: object, **options: object) -> object:
        timer = threading.Timer(seconds, befall)
        timer.daemon = True
        timer.start()
        return original(*args, **options)  # type: ignore[arg-type]

    etl.load = load  # type: ignore[assignment]


# Outside


class Interrupter:
    """Interrupts commands. times: how often it did. wrong: what was not as it must be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs = Jobs(folder, *WORDS)
        self.times = 0
        self.wrong: list[str] = []

    def at_boundaries(self, cases: Iterable[int]) -> None:
        names = ["third load with answers", "first load", "--rebuild", "--verify", "create-tables"]
        for number in cases:
            random = Random(f"signal {number}")
            job = self.jobs[names[number % 5] if number % 2 else "third load with answers"]
            more = (random.choice(SIGNALS),) if random.random() < 0.2 else ()
            numbers = (SIGNALS[number % 3], *more)
            if job.act is acts.load_and_ask:
                boundary = list(acts.BOUNDARIES)[number // 2 % len(acts.BOUNDARIES)]
                install = partial(acts.befall_at_boundary, boundary)
            else:
                boundary = f"call {random.randint(1, job.calls)}"
                install = partial(acts.befall_at_call, int(boundary[5:]))
            self._check(job, install, numbers, f"signal {number}: {boundary}")

    def at_any_moment(self, numbers: Collection[int]) -> None:
        """It goes on to more numbers until it has interrupted as often as there are numbers."""
        wanted, after = self.times + len(numbers), max(numbers) + 1
        for number in (one + 1 for one in (*numbers, *range(after, after + 3 * len(numbers)))):
            if self.times >= wanted:
                break
            random = Random(f"moment {number}")
            job = self.jobs[random.choice(("first load", "third load with answers", "--rebuild"))]
            install = partial(after_a_while, seconds=0.7 * random.random())
            self._check(job, install, (random.choice(SIGNALS),), f"moment {number}")

    def _check(
        self,
        job: Job,
        install: Callable[[acts.Befall], None],
        numbers: tuple[int, ...],
        what: str,
    ) -> None:
        place = job.place()
        names = {path.name for path in place.folder.iterdir()} | {"sparkify.duckdb"}
        ended = run_command(
            place.folder, WORDS[job.name], partial(install_signals, install, numbers)
        )
        wrongs = [job.wrong(place), ended.wrong(0, 130)]
        if ended.code:
            self.times += 1
            wrongs.append("" if _TOLD in ended.said else f"not told: {ended.said[-200:]}")
        left = [*place.folder.iterdir(), *ended.temporary]
        wrongs += [f"left: {path.name}" for path in left if path.name not in names]
        wrongs.append(job.wrong_in_the_end(place))
        sent = [signal.Signals(number).name for number in numbers]
        self.wrong += [f"{job.name}, {what}, {sent}: {one}" for one in wrongs if one]


def run(scale: Scale, folder: Path) -> list[Figure]:
    """On DuckDB."""
    family = "SIGTERM, SIGINT, SIGHUP"
    interrupter = Interrupter(folder)
    boundaries, moments = scale.numbers(10, 100), scale.numbers(4, 60)
    interrupter.at_boundaries(boundaries)
    interrupter.at_any_moment(moments)
    least = len(boundaries) + len(moments) - scale.of(4, 40)
    return [
        tried(family, "interruptions", interrupter.times, least),
        none(family, "differences, leftovers, other exit codes", interrupter.wrong),
    ]


# On Redshift

REQUESTS = (
    "s3.ListObjects*",
    "s3.GetObject",
    "s3.PutObject",
    "redshift-data.BatchExecuteStatement",
    "redshift-data.ExecuteStatement",
    "redshift-data.DescribeStatement",
    "redshift-data.GetStatementResult*",
    "a statement that hangs",
)


def cloud_command(environment: dict[str, str], folder: Path, settings: Settings) -> None:
    """Run `sparkify etl` against the stand-in."""
    from sparkify import cli

    os.environ.update(environment)
    os.environ |= {
        "SPARKIFY_WAREHOUSE_ENGINE": "redshift",
        "SPARKIFY_S3_LOG_DATA": settings.log_data,
        "SPARKIFY_S3_LOG_JSONPATH": "",
        "SPARKIFY_S3_SONG_DATA": settings.song_data,
        "SPARKIFY_ETL_MAX_REJECTED_SHARE": "1",
        "SPARKIFY_ETL_COPY_MODE": "compact",
    }
    speak_to(folder / "said")
    tempfile.tempdir = str(folder / "temporary")
    cli.main(["etl", "--no-answers"])


def run_redshift(scale: Scale, folder: Path) -> list[Figure]:
    """At requests of every kind, and while a statement runs for ever: it is cancelled."""
    family = "SIGTERM, SIGINT on Redshift"
    wrong: list[str] = []
    cases, struck = scale.numbers(4, 40), 0
    (folder / "temporary").mkdir()
    with cloud(folder) as place:
        wanted = []
        for after in ((), SECOND):
            _prepare(place)
            place.put(after)
            place.load(copy_mode="compact")
            wanted.append(place.tables())
        for number in cases:
            where = REQUESTS[::-1][number % len(REQUESTS)]
            _prepare(place)
            place.put(SECOND)
            said = _interrupted(place, where, SIGNALS[number % 2], Random(f"request {number}"))
            struck += said[0] == 130
            told = [*_wrong_after(place, said, wanted), *_wrong_in_the_end(place, wanted[1])]
            wrong += [f"{where}, {number}: {one}" for one in told]
    return [
        tried(family, "interruptions", struck, len(cases) * 3 // 4),
        none(family, "differences, statements left running, leftovers", wrong),
    ]


def _prepare(place: Cloud) -> None:
    place.empty()
    place.put(FIRST)
    place.load(copy_mode="compact")


def _interrupted(place: Cloud, where: str, number: int, random: Random) -> tuple[int, str]:
    """Load in a child that gets a signal at a request; returns its exit code and what it said."""
    child = child_loads.start(cloud_command, dict(os.environ), place.folder, place.settings())

    def send() -> None:
        assert child.pid is not None
        os.kill(child.pid, number)

    if where in REQUESTS[:-1]:
        place.aws.fault("call", where, skip=random.randint(0, 2), call=send)
    else:
        place.aws.fault("call", "statement", number=(step := random.randint(2, 20)), call=send)
        place.aws.fault("hang", "statement", number=step)
    code = child_loads.end(child)
    return code, (place.folder / "said").read_text(encoding="utf-8")


def _wrong_after(place: Cloud, ended: tuple[int, str], states: list[Tables]) -> Iterator[str]:
    code, said = ended
    if code not in (0, 130) or "Traceback" in said or (code and _TOLD not in said):
        yield f"code {code}: {said[-1500:]}"
    for _ in range(200):
        if not place.aws.running():
            break
        time.sleep(0.05)
    else:
        yield f"still running: {place.aws.running()}"
    place.aws.faults.clear()
    if place.tables() not in states:
        yield "neither as before nor as after"
    if left := [path.name for path in (place.folder / "temporary").iterdir()]:
        yield f"left: {left}"
    bucket = iac.resources(place.settings()).work_bucket
    found = place.aws.client("s3").list_objects_v2(Bucket=bucket)
    if left := [one["Key"] for one in found.get("Contents", [])]:
        yield f"left in the work bucket: {left}"


def _wrong_in_the_end(place: Cloud, wanted: Tables) -> Iterator[str]:
    place.load(copy_mode="compact")
    if place.tables() != wanted:
        yield "in the end the tables differ"
