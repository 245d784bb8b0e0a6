"""Waiting for AWS: quick looks at first, slower ones later, and a deadline."""

from __future__ import annotations

import time

FIRST_SECONDS = 0.05
FACTOR = 1.6
LONGEST_SECONDS = 5.0
STACK_SECONDS = 3 * 3600.0
"""As long as CloudFormation itself waits for a workgroup (two hours), and an hour for the rest."""
WORKGROUP_SECONDS = 1800.0


class Pauses:
    """Pauses that grow, until a deadline; sleep is what waits, which tests replace."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._next = FIRST_SECONDS

    def wait(self) -> bool:
        """Wait before the next look; False, at once, when the time is up."""
        if time.monotonic() >= self._until:
            return False
        time.sleep(self._next)
        self._next = min(self._next * FACTOR, LONGEST_SECONDS)
        return True

    def hurry(self) -> None:
        """Look quickly again, because something happened."""
        self._next = min(self._next, 1.0)
