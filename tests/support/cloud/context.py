"""What a running statement knows of the world around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Any

import psycopg

from .errors import AbortedError, RedshiftError
from .faults import Fault, Faults

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Context:
    """One statement of one session.

    namespace: as GetNamespace describes it. side: opens another session of the same database, that
    commits at once. number: of the statement within its batch. stopped: is set when the statement
    shall end.
    """

    faults: Faults
    region: str
    namespace: Mapping[str, Any]
    database: str
    side: Callable[[], Connection]
    query_id: int
    number: int = 0
    in_batch: bool = False
    stopped: Event = field(default_factory=Event)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def check(self) -> None:
        """Raises AbortedError when the statement was cancelled."""
        if self.stopped.is_set():
            raise AbortedError("Query cancelled on user's request")

    def strike(self, operation: str, detail: str) -> list[Fault]:
        """Let the faults of an operation happen; returns those that come after it."""
        struck = self.faults.at(operation, detail, self.number)
        for fault in struck:
            if fault.kind == "call" and fault.call is not None:
                fault.call()
            elif fault.kind == "slow":
                self.wait(fault.seconds)
            elif fault.kind == "hang":
                self.wait(float("inf"))
            elif fault.kind == "abort":
                raise AbortedError(fault.message or "Query aborted by the system")
            elif fault.kind in ("fail", "error"):
                raise RedshiftError(fault.message or "ERROR: a fault of the stand-in")
        return struck

    def wait(self, seconds: float) -> None:
        """Wait, unless the statement is cancelled meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            self.stopped.wait(min(0.05, max(0.0, end - time.monotonic())))
        self.check()
