"""Growing pauses and deadlines, for whatever is tried again or waited for.

    backoff = Backoff(0.05, factor=1.6, longest=5.0, seconds=900.0)
    while not is_ready():
        if not backoff.wait():
            raise BusyError(f"still not ready after {backoff.waited:.0f} seconds")

`Backoff(..., clock=clock)` waits by a clock that a test controls; `attempts=5` gives up after five
pauses, `jitter=0.5` leaves half of each pause to chance.
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Clock:
    """The monotonic clock of this machine; tests have their own."""

    def now(self) -> float:
        """Return the seconds since some moment in the past."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, unless a signal interrupts."""
        time.sleep(seconds)


_LEAST_SECONDS = 1e-6
"""A shorter pause may be lost in rounding, and time would stand still."""


class Backoff:
    """Pauses in seconds, each `factor` times the one before, up to `longest`.

    jitter: the share of each pause that is random, so that clients that wait for the same service
        do not all return at once (AWS Architecture Blog, "Exponential Backoff And Jitter").
    seconds: the deadline, counted from now. attempts: how many pauses there are at most.
    sleep: what waits instead of the clock, such as `wait` of an event that may end it early.
    """

    def __init__(
        self,
        first: float,
        *,
        factor: float = 2.0,
        longest: float = math.inf,
        jitter: float = 0.0,
        seconds: float = math.inf,
        attempts: float = math.inf,
        clock: Clock | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._sleep = sleep or self.clock.sleep
        self._began = self.clock.now()
        self._next = first
        self._factor = factor
        self._longest = longest
        self._jitter = jitter
        self._seconds = seconds
        self._attempts = attempts

    @property
    def waited(self) -> float:
        """The seconds since this was made."""
        return self.clock.now() - self._began

    def wait(self, call: str = "") -> bool:
        """Pause, at most until the deadline; return False at once where there is no time left.

        call: what failed and is tried again, for the log.
        """
        left = self._seconds - self.waited
        if left < _LEAST_SECONDS or self._attempts <= 0:
            return False
        self._attempts -= 1
        pause = min(self._next * (1 - self._jitter * random.random()), left)
        self._next = min(self._longest, self._next * self._factor)
        if call:
            _LOG.warning("trying %s again in %.1f s", call, pause)
        self._sleep(pause)
        return True

    def hurry(self, longest: float = 1.0) -> None:
        """Shorten the next pause, because something happened."""
        self._next = min(self._next, longest)
