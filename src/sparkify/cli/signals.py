"""Signals: SIGTERM and SIGHUP end a command as Ctrl-C does.

So a scheduler, a closed terminal and a container's end leave nothing half done.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_DEBOUNCE_SECONDS = 1.0
"""Signals within this time count as one interrupt: a shell, a scheduler and a terminal may all send
one, and the second would interrupt the cleanup."""


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP within this block.

    An ignored signal (`nohup`, a background job) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signal handlers
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


def restore() -> None:
    """Let SIGINT end the process at once: there is nothing left to clean up or to report."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


class _Interrupt:
    """Raises KeyboardInterrupt, once for signals that come together."""

    def __init__(self) -> None:
        self._last = -_DEBOUNCE_SECONDS

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last >= _DEBOUNCE_SECONDS:
            self._last = now
            raise KeyboardInterrupt
