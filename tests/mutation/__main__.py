"""Try every fault, or a sample: python -m mutation [--most N] [--workers N] [MODULE ...]."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

from .operators import Mutant, mutants
from .selection import Selection, survey
from .targets import TARGETS, Target

PROJECT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("results.json")
_SEED = "mutation"

Worker = subprocess.Popen[str]
"""A process of `trial`, in a copy of the project."""


def main() -> int:
    """Read the command line, try the faults, write the results, and say what survived."""
    names = [module for target in TARGETS for module in target.modules]
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("module", nargs="*", help=f"one of {', '.join(names)}")
    parser.add_argument("--most", type=int, default=0, help="a sample of so many faults a module")
    parser.add_argument("--again", action="store_true", help="only what survived the last time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    if unknown := set(given.module) - set(names):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    known = json.loads(given.output.read_text(encoding="utf-8")) if given.output.exists() else {}
    for target in TARGETS:
        wanted = [name for name in target.modules if not given.module or name in given.module]
        if wanted:
            last = dict(known) if given.again else None
            for module, found in run(target, wanted, given.most, given.workers, last):
                known[module] = found
                ordered = {name: known[name] for name in names if name in known}
                given.output.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    return 0


def run(
    target: Target,
    modules: Sequence[str],
    most: int,
    workers: int,
    last: dict[str, Any] | None = None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Try the faults of some modules; yields each with what came of them.

    last: what came of them the last time, to try only those that survived.
    Raises RuntimeError when a test fails without a fault: what is then seen would prove nothing.
    """
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # a test becomes another user below it
        copies = [_copy(Path(folder) / str(n)) for n in range(workers)]
        say(f"{target.name}: which test runs which line?")
        paths = [f"src/sparkify/{module}" for module in modules]
        selection = survey(copies[0], target.tests, paths)
        say(f"{len(selection.seconds)} tests, {sum(selection.seconds.values()):.0f} seconds of CPU")
        _precompile(copies)
        started = [_worker(copy) for copy in copies]
        try:
            _control(started, paths, selection)
            for module in modules:
                yield module, _tried(module, most, started, selection, last and last.get(module))
        finally:
            for worker in started:
                worker.communicate("")


def _control(started: Sequence[Worker], paths: Sequence[str], selection: Selection) -> None:
    """Try modules without a fault: each test once, at one of the workers."""
    tests = sorted({test for path in paths for test in selection.all_of(path)})
    source = (PROJECT / paths[0]).read_text(encoding="utf-8")

    def look(n: int) -> None:
        share = tests[n :: len(started)] or tests
        seconds = {test: selection.seconds[test] for test in share}
        trial = {"path": paths[0], "source": source, "tests": seconds}
        answer = _answer(started[n], trial)
        if answer["seen"]:
            raise RuntimeError(f"a test fails without a fault: {answer['by']}")

    with ThreadPoolExecutor(len(started)) as pool:
        list(pool.map(look, range(len(started))))
    say(f"without a fault, all {len(tests)} tests pass")


def _tried(
    module: str,
    most: int,
    started: Sequence[Worker],
    selection: Selection,
    last: dict[str, Any] | None,
) -> dict[str, Any]:
    made = list(mutants((PROJECT / "src/sparkify" / module).read_text(encoding="utf-8")))
    chosen = sorted(_chosen(module, len(made), most))
    tried = len(chosen)
    if last is not None:
        chosen = [one["number"] for one in last["survivors"]]
        tried = last["tried"]
    began = time.monotonic()
    faults = [made[number] for number in chosen]
    answers = _try_all(started, f"src/sparkify/{module}", faults, selection)
    survivors = [
        {"number": number, "line": made[number].first, "change": made[number].change}
        for number, answer in zip(chosen, answers, strict=True)
        if not answer["seen"]
    ]
    seen = tried - len(survivors)
    say(f"{module}: {seen} of {tried} seen, {time.monotonic() - began:.0f} seconds")
    for one in survivors:
        say(f"  line {one['line']}: {one['change']}")
    return {"faults": len(made), "tried": tried, "seen": seen, "survivors": survivors}


def _chosen(module: str, count: int, most: int) -> Sequence[int]:
    """Which faults of a module are tried: all, or a sample that is always the same."""
    if not most or count <= most:
        return range(count)
    return random.Random(f"{_SEED} {module}").sample(range(count), most)


def _copy(to: Path) -> Path:
    """Copy the project as git knows it, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (PROJECT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, to / name)
    return to


def _precompile(copies: Sequence[Path]) -> None:
    """Compile the program, so that a module is compiled anew exactly when its text changed."""
    for copy in copies:
        command = ["compileall", "-q", "--invalidation-mode", "checked-hash", "src", "tests"]
        subprocess.run([sys.executable, "-m", *command], cwd=copy, check=False)


def _try_all(
    started: Sequence[Worker], path: str, faults: Sequence[Mutant], selection: Selection
) -> list[dict[str, Any]]:
    free: Queue[Worker] = Queue()
    for worker in started:
        free.put(worker)

    def attempt(fault: Mutant) -> dict[str, Any]:
        tests = selection.of(path, fault.first, fault.last)
        if not tests:
            return {"seen": False}
        seconds = {test: selection.seconds[test] for test in tests}
        worker = free.get()
        try:
            trial = {"path": path, "source": fault.source, "tests": seconds}
            return _answer(worker, trial)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(len(started)) as pool:
        return list(pool.map(attempt, faults))


def _answer(worker: Worker, trial: dict[str, Any]) -> dict[str, Any]:
    assert worker.stdin and worker.stdout
    worker.stdin.write(json.dumps(trial) + "\n")
    worker.stdin.flush()
    answer: dict[str, Any] = json.loads(worker.stdout.readline())
    return answer


def _worker(copy: Path) -> Worker:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy / "tests")]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(copy / "tmp"),
    }
    (copy / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "mutation.trial"],
        cwd=copy,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def say(text: str) -> None:
    """Print."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
