"""Processes that read many small files: Python itself does one thing at a time in each.

They are forked when there is enough to do, live as long as a load does, and end with the process
that made them, however it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from .errors import SourceError

T = TypeVar("T")
R = TypeVar("R")

MANY_FILES = 2000
"""From how many files on it pays to start them."""
_AHEAD = 4
_WATCH_SECONDS = 1.0

_pool: ProcessPoolExecutor | None = None


def start() -> None:
    """Start them, one for each processor; they know what this process has imported by now.

    Where the system has no room for them, all work is done here.
    """
    global _pool
    if _pool is not None:
        return
    context = multiprocessing.get_context("fork")
    pool = None
    try:
        pool = ProcessPoolExecutor(os.cpu_count(), context, _begin, (os.getpid(),))
        pool.submit(os.getpid)  # forks them
    except OSError:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        return
    _pool = pool


def each(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Do work on items and yield the results in order: here, or there if they have been started.

    work, items, results: must be picklable. Few of them wait for their taker at a time.
    Raises SourceError when somebody ended one of the processes.
    """
    if _pool is None:
        yield from map(work, items)
        return
    try:
        yield from _each_there(_pool, work, items)
    except BrokenProcessPool:
        raise SourceError(
            "a process that reads source files was ended from outside; nothing was loaded",
            "Load again; if the system ended it for lack of memory, give it more of that.",
        ) from None


def _each_there(
    pool: ProcessPoolExecutor, work: Callable[[T], R], items: Iterable[T]
) -> Iterator[R]:
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= _AHEAD * (os.cpu_count() or 1):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


@contextmanager
def ended() -> Iterator[None]:
    """End the processes in the end, if there are any."""
    try:
        yield
    finally:
        end()


def end() -> None:
    """End the processes, if there are any; from then on work is done here."""
    global _pool
    if _pool is not None:
        _pool.shutdown(cancel_futures=True)
        _pool = None


def _begin(parent: int) -> None:
    """Leave signals to the parent, and end with it even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
