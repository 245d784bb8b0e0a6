"""A process pool for many small files: threads would contend for the GIL.

The processes are forked when there is enough to do, and end with the load, or with the process that
made them, however that ends.
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
"""From this number of files on it pays to start them."""
_AHEAD = 4
_WATCH_SECONDS = 1.0

_pool: ProcessPoolExecutor | None = None


def start() -> None:
    """Start a process for each processor; each knows what this process has imported by now.

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


def each(work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Yield each item with the result of the work on it, in order: done in the pool, if it started.

    work, items, results: must be picklable. Few results wait at a time (`Executor.map` would keep
    all of them). Raises SourceError when a process was ended from outside.
    """
    if _pool is None:
        for item in items:
            yield item, work(item)
        return
    waiting: deque[tuple[T, Future[R]]] = deque()
    try:
        for item in items:
            waiting.append((item, _pool.submit(work, item)))
            if len(waiting) >= _AHEAD * (os.cpu_count() or 1):
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()
    except BrokenProcessPool:
        raise SourceError(
            "a process that reads source files was ended from outside; nothing was loaded",
            "Load again; if the system ended it for lack of memory, give it more of that.",
        ) from None
    finally:
        for _, future in waiting:
            future.cancel()


@contextmanager
def ended() -> Iterator[None]:
    """End the processes at the end of the block, if any were started."""
    try:
        yield
    finally:
        end()


def end() -> None:
    """End the processes, if any were started; from then on work is done here."""
    global _pool
    if _pool is not None:
        _pool.shutdown(cancel_futures=True)
        _pool = None


def _begin(parent: int) -> None:
    """Leave signals to the parent; end with it, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
