"""Waiting: the clock, and pauses that grow."""

from __future__ import annotations

import random
import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits; tests have their own."""

    def now(self) -> float:
        """Give the time in seconds; it never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Give the seconds since some moment in the past."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, unless a signal interrupts."""
        time.sleep(seconds)


class Pauses:
    """Pauses in seconds, each `factor` times the one before, up to `longest`.

    jitter: the share of each pause that is left to chance, so that many programs that wait for
    the same service do not come back all at once (AWS Architecture Blog, "Exponential Backoff And
    Jitter").
    """

    def __init__(self, first: float, factor: float, longest: float, jitter: float) -> None:
        self._next = first
        self._factor = factor
        self._longest = longest
        self._jitter = jitter

    def next(self) -> float:
        """Give the next pause."""
        pause = self._next
        self._next = min(self._longest, self._next * self._factor)
        return pause * (1 - self._jitter * random.random())


def polls() -> Pauses:
    """Pauses between looks at a statement: an answer is seen a fifth of its time late, at most."""
    return Pauses(0.1, 1.25, 3.0, 0.1)


def retries() -> Pauses:
    """Pauses before a call that was turned away is made again."""
    return Pauses(0.5, 2.0, 20.0, 0.5)
