"""One worker: tries faults in its own copy of the project, each in a process forked for it.

What is heavy is imported once, before the forks; the program itself is not. A fault counts as seen
when a test fails, when the tests cannot even be loaded, or when they do not come to an end.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_PRELOADED = ("duckdb", "numpy", "sqlite3", "multiprocessing.forkserver", "hypothesis")
_LONGEST_SECONDS = 3000
_LONGEST_IDLE_SECONDS = 60
_LONGEST_IMPORT_SECONDS = 60
_LARGEST_FILE = 2 << 30


class Only:
    """A plugin of pytest: only some tests, in a given order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._place = {test: n for n, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._place),
            key=lambda item: self._place[item.nodeid],
        )


def main() -> None:
    """Read trials from stdin, a JSON object a line; answer each with a line on stdout.

    Working directory: the copy of the project. A trial: path (of the module, below it), source
    (with the fault), tests (node id -> how many seconds of CPU it takes without).
    """
    for name in _PRELOADED:
        __import__(name)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin:
        trial = json.loads(line)
        with _in_place(Path(trial["path"]), trial["source"]):
            answer = _tried(trial["tests"])
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


@contextmanager
def _in_place(path: Path, source: str) -> Iterator[None]:
    good = path.read_bytes()
    path.write_text(source, encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(good)


def _tried(tests: Mapping[str, float]) -> dict[str, object]:
    """Run tests in a child. Returns the answer: seen (true or false), and by what."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.close(told)
        os.setsid()
        try:
            os._exit(_run(tests, tell))
        except BaseException as error:
            os.write(tell, f"broken off: {error!r}".encode()[:1000])
            os._exit(70)
    os.close(tell)
    deadline = time.monotonic() + _LONGEST_SECONDS
    used, since = 0, time.monotonic()
    looked = since
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        now = time.monotonic()
        if ended or now > deadline or now > since + _LONGEST_IDLE_SECONDS:
            break
        if now > looked + 1:
            looked = now
            if (by_now := _cpu_unless_asleep(child)) != used:
                used, since = by_now, now
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not ended:
        os.waitpid(child, 0)
    with os.fdopen(told) as stream:
        words = stream.read()
    if not ended or os.WIFSIGNALED(status):
        return {"seen": True, "by": "no end" if not ended else f"signal {os.WTERMSIG(status)}"}
    code = os.WEXITSTATUS(status)
    return {"seen": code != 0, "by": words or f"code {code}"}


def _cpu_unless_asleep(session: int) -> int:
    """What the processes of a session have used, in ticks; never the same while one could run.

    So a wait that nothing ends is told from one for a processor, however busy the machine is.
    """
    used = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, *fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[2]) == session:
            if state not in "SZ":
                return -time.monotonic_ns()
            used += sum(map(int, fields[10:14]))
    return used


def _run(tests: Mapping[str, float], tell: int) -> int:
    """Run tests until one fails; writes its name to a pipe. Returns 0 when all passed."""
    resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST_IMPORT_SECONDS, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 2):
        os.dup2(null, number)

    class Teller:
        def pytest_runtest_logstart(self, nodeid: str) -> None:
            """Bound what a test may take, with the fixtures that others may have paid before."""
            most = time.process_time() + 20 + 10 * tests[nodeid]
            resource.setrlimit(resource.RLIMIT_CPU, (int(most), resource.RLIM_INFINITY))

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                os.write(tell, report.nodeid.encode()[:1000])

    files = [*dict.fromkeys(test.partition("::")[0] for test in tests)]
    options = ["-q", "-x", "--all", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
    options += ["--assert=plain", "--tb=no"]  # nobody reads why: a fifth of the time
    plugins = [Teller(), Only([*tests])]
    return int(pytest.main([*options, "-o", "addopts=", *files], plugins=plugins))


if __name__ == "__main__":
    main()
