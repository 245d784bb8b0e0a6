"""Statements of the Data API on their way: submitted, run in threads on PostgreSQL, kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from threading import BoundedSemaphore, Event, Lock, Thread
from typing import Any

import psycopg

from .context import Connection, Context
from .databases import Databases
from .errors import AbortedError, RedshiftError
from .faults import Faults
from .results import Result
from .session import Outcome, reads_system_views, run

ENDED = ("FINISHED", "FAILED", "ABORTED")
PRIOR_FAILED = "Connection or an prior query failed."
_query_ids = count(1001)


@dataclass
class Part:
    """One SQL text of a call."""

    id: str
    text: str
    status: str = "SUBMITTED"
    error: str | None = None
    rows: int = -1
    size: int = -1
    duration: int = -1
    query_id: int = 0
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    has_result: bool = False
    result: Result | None = None

    def become(self, status: str, error: str | None = None) -> None:
        """Take a new status."""
        self.status, self.error, self.updated = status, error, time.time()


@dataclass
class Statement:
    """One call of ExecuteStatement or BatchExecuteStatement."""

    id: str
    parts: list[Part]
    is_batch: bool
    workgroup: str
    database: str
    region: str
    namespace: Mapping[str, Any]
    name: str = ""
    result_format: str = "JSON"
    auto_commit: bool = False
    parameters: Sequence[Mapping[str, str]] = ()
    user: str = ""
    status: str = "SUBMITTED"
    error: str | None = None
    pid: int = 0
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    duration: int = -1
    expired: bool = False
    stopped: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)
    connection: Connection | None = None

    def become(self, status: str, error: str | None = None) -> None:
        """Take a new status."""
        self.status, self.error, self.updated = status, error, time.time()

    def cancel(self) -> None:
        """End it, wherever it is."""
        self.stopped.set()
        connection = self.connection
        if connection is not None and not connection.closed:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)


class Runner:
    """Runs statements, a few at once.

    lag_reads: how many reads of the system views after a COPY still miss what it wrote there.
    """

    def __init__(self, databases: Databases, faults: Faults, at_once: int = 16) -> None:
        self.lag_reads = 0
        self._databases = databases
        self._faults = faults
        self._slots = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._lag_left = 0
        self._history: list[tuple[Any, ...]] = []
        self._threads: list[Thread] = []

    def submit(self, statement: Statement) -> None:
        """Start a statement; returns at once."""
        thread = Thread(target=self._run, args=(statement,), daemon=True, name=statement.id)
        with self._lock:
            self._threads = [one for one in self._threads if one.is_alive()]
            self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Wait until every statement has ended."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _run(self, statement: Statement) -> None:
        with self._slots:
            begun = time.perf_counter_ns()
            try:
                statement.become("PICKED")
                self._connect_and_run(statement)
            except BaseException as error:  # what nobody thought of must not leave it running
                self._break_off(statement, None, "FAILED", f"ERROR: stand-in: {error!r}")
            finally:
                statement.duration = time.perf_counter_ns() - begun
                statement.connection = None
                statement.ended.set()

    def _connect_and_run(self, statement: Statement) -> None:
        if statement.stopped.is_set():
            self._break_off(statement, None, "ABORTED", None)
            return
        if statement.database != statement.namespace.get("dbName"):
            error = f'FATAL: database "{statement.database}" does not exist'
            self._break_off(statement, None, "FAILED", error)
            return
        with self._session(statement, autocommit=False, user=statement.user) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            statement.connection = connection
            statement.pid = connection.info.backend_pid
            statement.become("STARTED")
            for number, part in enumerate(statement.parts):
                if not self._run_part(statement, connection, number, part):
                    connection.rollback()
                    return
                if statement.auto_commit:
                    connection.commit()
            try:
                connection.commit()
            except psycopg.Error as error:
                self._break_off(statement, statement.parts[-1], "FAILED", f"ERROR: {error}")
                return
        statement.become("FINISHED")

    def _session(self, statement: Statement, *, autocommit: bool, user: str = "") -> Connection:
        namespace = str(statement.namespace["namespaceId"])
        return self._databases.connect(
            namespace, statement.database, autocommit=autocommit, user=user
        )

    def _run_part(
        self, statement: Statement, connection: Connection, number: int, part: Part
    ) -> bool:
        """Run one text; returns whether it went well."""
        context = Context(
            faults=self._faults,
            region=statement.region,
            namespace=statement.namespace,
            database=statement.database,
            side=lambda: self._session(statement, autocommit=True),
            query_id=next(_query_ids),
            number=number,
            in_batch=statement.is_batch and not statement.auto_commit,
            stopped=statement.stopped,
        )
        part.query_id = context.query_id
        part.become("STARTED")
        begun = time.perf_counter_ns()
        try:
            struck = context.strike("statement", part.text)
            self._show_system_views(statement, connection, part.text)
            passed_over = any(fault.kind == "pass_over" for fault in struck)
            outcome = Outcome(0) if passed_over else run(connection, context, part.text)
        except AbortedError as error:
            part.duration = time.perf_counter_ns() - begun
            self._break_off(statement, part, "ABORTED", str(error))
            return False
        except RedshiftError as error:
            part.duration = time.perf_counter_ns() - begun
            self._break_off(statement, part, "FAILED", str(error))
            return False
        finally:
            self._remember(statement, part, context)
        part.duration = time.perf_counter_ns() - begun
        part.rows, part.result = outcome.rows, outcome.result
        part.has_result = outcome.result is not None
        part.size = outcome.result.size if outcome.result else 0
        part.become("FINISHED")
        return True

    def _show_system_views(self, statement: Statement, connection: Connection, text: str) -> None:
        """System views lag: the first reads after a COPY see nothing."""
        if not reads_system_views(text):
            return
        with self._lock:
            lags = self._lag_left > 0
            self._lag_left -= lags
            pending, self._history = self._history, []
        if pending:
            with self._session(statement, autocommit=True) as side, side.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO stand_in.queries VALUES (100, %s, '', 0, %s, %s, %s, %s, false,"
                    " %s, %s, %s, 0, %s, %s, %s, %s, %s)",
                    pending,
                )
        if lags:
            connection.execute(b"SET LOCAL stand_in.lagging = 'on'")

    def _remember(self, statement: Statement, part: Part, context: Context) -> None:
        begun, now = context.started.replace(tzinfo=None), datetime.now(UTC).replace(tzinfo=None)
        elapsed = int((now - begun).total_seconds() * 1e6)
        status = {"FAILED": "failed", "ABORTED": "canceled"}.get(part.status, "success")
        verb = part.text.lstrip().split(None, 1)[0].upper() if part.text.strip() else ""
        with self._lock:
            if verb == "COPY":
                self._lag_left = self.lag_reads
            self._history.append(
                (
                    *(part.query_id, statement.pid, statement.database, verb[:32], status),
                    *(begun, now, elapsed, elapsed, (part.error or "")[:512]),
                    *(max(part.rows, 0), max(part.size, 0), part.text[:4000]),
                )
            )

    @staticmethod
    def _break_off(
        statement: Statement, broken: Part | None, status: str, error: str | None
    ) -> None:
        """End a statement at one of its parts: those behind it are aborted."""
        for part in statement.parts:
            if part is broken or (broken is None and not statement.is_batch):
                part.become(status, error)
            elif part.status not in ENDED:
                part.become("ABORTED", PRIOR_FAILED)
        text = error
        if statement.is_batch and broken is not None and error and status == "FAILED":
            text = f"Query #{statement.parts.index(broken) + 1} failed with {error}"
        statement.become(status, text)
