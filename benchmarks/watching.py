"""Run one command and watch what it costs; a process of its own, which is itself small.

The system counts the memory of whoever starts a process as that of the process. `measuring` calls
this file, with what is to be run in JSON on standard input, and takes what it cost from the
standard output.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

SAMPLE_SECONDS = 0.1
LINGER_SECONDS = 20.0
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_PAGE = os.sysconf("SC_PAGE_SIZE")


def watched(
    command: list[str], folder: str, environ: dict[str, str], said: str, limit: float
) -> dict[str, Any]:
    """Run a command; returns exit, ended (it took too long), wall, cpu (s) and peak (bytes)."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with open(said, "ab") as output:  # noqa: PTH123 - pathlib would make this process larger
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
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
    return {
        "exit": process.returncode,
        "ended": watch.ended_it,
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime + _orphans(process.pid),
        "peak": max(watch.peak, usage.ru_maxrss * 1024),
    }


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
        bytes_here = int(_read(f"/proc/{pid}/statm").split()[1]) * _PAGE
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - as above
        children = [_read(f"/proc/{pid}/task/{task}/children") for task in tasks]
    except (OSError, IndexError):
        return 0
    return bytes_here + sum(_resident(int(child)) for each in children for child in each.split())


def _read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123 - as above
        return file.read()


if __name__ == "__main__":
    json.dump(watched(**json.load(sys.stdin)), sys.stdout)
