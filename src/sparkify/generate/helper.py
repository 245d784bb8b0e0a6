"""A second process for half of the work."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


@contextmanager
def helping(work: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Do `work(*arguments)` in another process, beside the body of the `with`; wait for its end.

    The process ends with this one, however that ends. Raises the OSError that `work` raised.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there, work, arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield
        error = _outcome(here)
        if error is not None:
            raise error
        process.join()
    finally:
        process.terminate()
        process.join()
        here.close()


def _outcome(here: Connection) -> OSError | None:
    try:
        error: OSError | None = here.recv()
    except EOFError:
        return ChildProcessError("the helping process ended early")
    return error


def _run(there: Connection, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that is helped
    threading.Thread(target=_end_with, args=(there,), daemon=True).start()
    error = None
    try:
        work(*arguments)
    except OSError as raised:
        error = raised
    there.send(error)


def _end_with(there: Connection) -> None:
    """Wait until the process at the other end is no more, and end at once."""
    try:
        there.recv()
    except (EOFError, OSError):
        os._exit(1)
