"""What one process costs, with all that it starts: wall, CPU, and peak resident memory."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1
LINGER_SECONDS = 20.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SHOWN_CHARACTERS = 2000


@dataclass(frozen=True)
class Cost:
    """What a run cost. wall, cpu: seconds; peak: resident bytes of the process tree, in MB."""

    wall: float
    cpu: float
    peak: float

    def as_json(self) -> dict[str, float]:
        """Round to what a clock can tell."""
        return {
            "wall": round(self.wall, 3),
            "cpu": round(self.cpu, 3),
            "peak": round(self.peak, 1),
        }


class FailedRun(Exception):
    """A process ended badly; its text is the end of what it said."""


def measure(
    command: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str],
    *,
    limit: float = 3600.0,
) -> Cost:
    """Run a command in a folder, where `output.txt` gets what it says, and measure it.

    environ: its whole environment. limit: after so many seconds it is ended.
    Orphans (a Java machine that outlives its Python) count towards the CPU, not the wall time.
    Raises FailedRun when it does not end with 0 in time.
    """
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    said = folder / "output.txt"
    with said.open("ab") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        watch = _Watch(process.pid, limit)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.end()
    cpu = usage.ru_utime + usage.ru_stime + _orphans(process.pid)
    if process.returncode:
        ending = said.read_bytes()[-_SHOWN_CHARACTERS:].decode("utf-8", "replace")
        why = f"not done after {limit:.0f} s" if watch.ended_it else f"exit {process.returncode}"
        raise FailedRun(f"{why}: {ending.strip()}")
    return Cost(wall, cpu, max(watch.peak, usage.ru_maxrss * 1024) / 1e6)


def _orphans(group: int) -> float:
    """Wait for what the process left behind, and end it when it stays; returns its CPU seconds."""
    cpu = 0.0
    deadline = time.monotonic() + LINGER_SECONDS
    while True:
        try:
            pid, _, usage = os.wait4(-group, os.WNOHANG)
        except ChildProcessError:
            return cpu
        if pid:
            cpu += usage.ru_utime + usage.ru_stime
        elif time.monotonic() > deadline:
            _kill(group)
            deadline = float("inf")
        else:
            time.sleep(0.01)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


class _Watch:
    """Adds up the resident memory of a process and its descendants, ten times a second."""

    def __init__(self, pid: int, limit: float) -> None:
        self.peak = 0
        self.ended_it = False
        self._pid = pid
        self._deadline = time.monotonic() + limit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, _resident(self._pid))
            if time.monotonic() > self._deadline and not self.ended_it:
                self.ended_it = True
                _kill(self._pid)


def _resident(pid: int) -> int:
    """Add up the resident bytes of a process and its descendants; 0 for one that ended."""
    try:
        bytes_here = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [(task / "children").read_text() for task in tasks]
    except (OSError, IndexError):
        return 0
    return bytes_here + sum(_resident(int(child)) for each in children for child in each.split())
