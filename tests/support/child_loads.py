"""Loads in child processes, and what befalls them.

The children are forked from a server that has imported the program and opened no database.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb

from duckdb_warehouse import Place

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        *("pytest", "sparkify.etl", "sparkify.warehouse.duckdb.loader", "sparkify.analysis"),
        *("sparkify.cli", "sparkify.quality", "torture.acts", "torture.commands"),
    ]
)
_CALLS = ("begin", "commit", "rollback", "execute")


def start(target: Callable[..., object], *arguments: object) -> BaseProcess:
    """Begin something in a child process."""
    child = _context.Process(target=target, args=arguments)
    child.start()
    return child


def run(target: Callable[..., object], *arguments: object) -> int:
    """Do something in a child process, to its end; returns its exit code, or minus its signal."""
    return end(start(target, *arguments))


def end(child: BaseProcess) -> int:
    """Wait for the end of a child; returns its exit code, or minus its signal."""
    child.join(300)
    code = child.exitcode
    if code is None:
        child.kill()
        child.join()
        raise AssertionError("the child did not come to an end")
    child.close()
    return code


@contextmanager
def holding(hold: Callable[..., AbstractContextManager[object]], folder: Path) -> Iterator[Holder]:
    """A child that holds something open until it is let go, or to the end of the block."""
    there, gone = _context.Event(), _context.Event()
    child = start(_hold, hold, folder, there, gone)
    try:
        assert there.wait(600), "the child did not begin"
        assert child.pid
        yield Holder(child.pid, gone.set)
    finally:
        gone.set()
        assert end(child) == 0


@dataclass
class Holder:
    """The process that holds, and how to let it go."""

    pid: int
    let_go: Callable[[], None]


def _hold(
    hold: Callable[..., AbstractContextManager[object]], folder: Path, there: Event, gone: Event
) -> None:
    with hold(Place(folder).settings):
        there.set()
        gone.wait(600)


class Watched:
    """A connection that tells of every call that does something, before it is done."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, tell: Callable[[str], None]) -> None:
        self._connection = connection
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        if name in _CALLS:
            self._tell(name)
        return getattr(self._connection, name)


def watch(tell: Callable[[str], None]) -> Callable[..., Watched]:
    """A stand-in for duckdb.connect."""
    connect = duckdb.connect
    return lambda *args, **options: Watched(connect(*args, **options), tell)


# What a child does


def load(folder: Path) -> None:
    Place(folder).load()


def load_killed_at(folder: Path, number: int) -> None:
    """Load, and be killed before statement `number`, counted from 1."""
    calls = 0

    def count(name: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)

    duckdb.connect = watch(count)  # type: ignore[assignment]
    load(folder)


def killed_in_a_write(folder: Path, act: Callable[[Path], object], size: int) -> None:
    """Act, and be killed by the write that makes a file longer than `size` bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_files(size)
    act(folder)


def load_on_a_full_disk(folder: Path, size: int) -> None:
    """Load while no file may grow beyond `size` bytes; exit with the code of the error."""
    from sparkify.errors import SparkifyError

    _limit_files(size)
    try:
        load(folder)
    except SparkifyError as error:
        sys.exit(error.exit_code)


def _limit_files(size: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))


def read_for_ever(folder: Path) -> None:
    """Ask what takes very long; exit with 130 when the answer to Ctrl-C is KeyboardInterrupt."""
    from sparkify.warehouse import open_reader

    signal.setitimer(signal.ITIMER_REAL, 0.2)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        with open_reader(Place(folder).settings) as reader:
            reader.read("SELECT sum(range) FROM range(1000000000000)")
    except KeyboardInterrupt:
        sys.exit(130)
