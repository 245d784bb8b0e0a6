"""Being told to stop: SIGTERM and SIGHUP end a command as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ONE_WISH_SECONDS = 1.0
"""How long signals are taken for the same wish: a shell, a scheduler and a terminal may all send
one, and the second would interrupt the tidying up."""


@contextmanager
def heeded() -> Iterator[None]:
    """Within this block SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt where the program is.

    One that is ignored (`nohup`, a job in the background) stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    ordinary: dict[signal.Signals, Callable[[int, FrameType | None], Any] | signal.Handlers] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    ours = [number for number, handler in ordinary.items() if signal.getsignal(number) is handler]
    interrupt = _Interrupt()
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, ordinary[number])


def let_end() -> None:
    """From now on a signal just ends the process: there is nothing left to tidy up or to tell."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


class _Interrupt:
    """Raises KeyboardInterrupt, once for all signals that come together."""

    def __init__(self) -> None:
        self._last = -_ONE_WISH_SECONDS

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last >= _ONE_WISH_SECONDS:
            self._last = now
            raise KeyboardInterrupt
