"""One load's batch: what COPY needs is put into the work bucket, the statements run, and again."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, get_args

from ... import boto3_sql_util
from ...boto3_sql_util import Statement, StatementError
from ...ledger import Plan
from ...progress import Progress
from ...sources.files import Kind, SourceFile
from ...sql_queries import folder
from .. import Run
from . import batch
from .batch import Batch, Direct, Step
from .cargo import Cargo
from .failures import TooManyStatementsError
from .reading import LedgerState, RedshiftReader

if TYPE_CHECKING:
    from ..duckdb.copy_files import Parts

_ATTEMPTS = 4
ROLE_WAITS_SECONDS = (2, 4, 8, 15, 30, 30, 30)
"""A fresh role cannot be assumed for some 10 to 30 seconds (IAM is eventually consistent:
IAM User Guide, troubleshoot_general)."""
_RUNS = folder("bookkeeping")["runs"]


@dataclass
class Staged:
    """What a load brings.

    keys: the JSON key of each column of staging_events. direct: the kinds that COPY takes itself.
    parts: what the files of the other kinds (part_files) were put together to.
    """

    plan: Plan = field(default_factory=Plan)
    keys: Sequence[str] = ()
    direct: dict[Kind, Direct] = field(default_factory=dict)
    part_files: Plan = field(default_factory=Plan)
    parts: Parts | None = None

    @property
    def days(self) -> Collection[date]:
        """The days of the events; none are known of events that COPY takes itself."""
        return self.parts.days if self.parts and "events" not in self.direct else ()


class Publication:
    """A context in which a run is published or refused; what it put into S3 is gone after it.

    state: the ledger when the load was planned. workspace: a folder for files.
    """

    def __init__(
        self,
        reader: RedshiftReader,
        staged: Staged,
        run: Run,
        state: LedgerState,
        workspace: Path,
    ) -> None:
        self._reader = reader
        self._staged = staged
        self._run = run
        self._state = state
        self._conflicts_sought = False
        self._conflicts = 0
        self._displaced: Counter[Kind] = Counter()
        self._attempt = 0
        self._cargo = Cargo(reader.work, reader.work_address(f"loads/{self._token()}"), workspace)
        self._manifests: dict[str, str] = {}

    def __enter__(self) -> Publication:
        """Put what COPY needs into the work bucket."""
        try:
            self._manifests = self._cargo.load(
                {"files": [self._files()], **self._part_paths(), "rejects": self._rejects()}
            )
        except BaseException:
            self._cargo.clear()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove it again."""
        self._cargo.clear()

    def send(self, statements: Callable[[Batch], list[Step]], progress: Progress) -> None:
        """Run a batch until it is done, waiting for a role and telling conflicts as needed.

        statements: Batch.publish or Batch.refuse.
        Raises StatementError when it cannot be done; then nothing of it is published.
        """
        waits = iter(ROLE_WAITS_SECONDS)
        while True:
            self._attempt += 1
            try:
                self._send(statements)
            except StatementError as error:
                if self._is_entered_after(error):
                    return
                if error.role_not_ready and (wait := next(waits, 0)):
                    progress("waiting until the new role can be used", self._attempt, None, "times")
                    time.sleep(wait)
                elif error.name == batch.CONFLICTS and self._may_tell_conflicts():
                    self._tell_conflicts()
                elif error.status != "ABORTED" or self._attempt >= _ATTEMPTS:
                    raise
            else:
                return

    def _send(self, statements: Callable[[Batch], list[Step]]) -> Statement:
        what = Batch(
            self._run,
            self._state.newest_run,
            self._reader.resources.role_arn,
            self._manifests,
            self._staged.direct,
            self._conflicts,
            self._displaced,
            self._staged.days,
            after_refusals=self._state.refused_runs > 0,
        )
        steps = statements(what)
        if len(steps) > batch.MAX_STATEMENTS:
            raise TooManyStatementsError(
                f"{len(steps)} statements are too many for one transaction"
            )
        return self._reader.run_steps(steps, self._token())

    def _token(self) -> str:
        """Name an attempt: what is sent again under one token runs once.

        (redshift-data BatchExecuteStatement: ClientToken.)
        """
        run = self._run
        known = (self._state.newest_run, run.run_id, run.started_at, run.finished_at)
        digest = hashlib.sha256(f"{known} {self._attempt}".encode())
        for file in run.plan.files:
            digest.update(f"\n{file.uri}\n{file.fingerprint}".encode())
        return digest.hexdigest()[:32]

    def _is_entered_after(self, error: StatementError) -> bool:
        """After a failure that may be of a second try: look whether the first is in the books.

        The reply to a batch may be lost though the batch ran.
        """
        if error.name != batch.OVERTAKEN and not error.in_doubt:
            return False
        for row in self._reader.read(_RUNS.sql).rows:
            if row[0] == self._run.run_id:
                return bool(row[2] == self._run.started_at)
        return False

    # Conflicts

    def _may_tell_conflicts(self) -> bool:
        staged = self._staged
        return staged.parts is not None and not staged.direct and not self._conflicts_sought

    def _tell_conflicts(self) -> None:
        """Find the records that lost their key in their files, and put them among the rejects."""
        parts = self._staged.parts
        assert parts is not None
        self._conflicts_sought = True
        self._attempt += 1
        statement = self._send(Batch.find_conflicts)
        before = parts.rejects.counts.total()
        kinds = get_args(Kind)
        first = len(statement.sqls) - len(kinds)
        for number, kind in enumerate(kinds, first):
            rows = boto3_sql_util.fetch(self._reader.connection, statement, number).rows
            parts.reject_conflicts(kind, rows)
            if displaced := sum(row[-1] == "displaced" for row in rows):
                self._displaced[kind] = displaced
        self._conflicts = parts.rejects.counts.total() - before
        self._manifests |= self._cargo.load({"rejects": self._rejects()})

    # What is put into the work bucket

    def _files(self) -> Path:
        staged = self._staged
        files: list[tuple[SourceFile, int | None]] = []
        if staged.parts:
            counts = staged.parts.records_read
            files = [(file, counts[n]) for n, file in enumerate(staged.part_files.files)]
        files += [(file, None) for file in staged.plan.files if file.kind in staged.direct]
        return self._cargo.files(files)

    def _part_paths(self) -> dict[str, list[Path]]:
        return self._staged.parts.files if self._staged.parts else {}

    def _rejects(self) -> list[Path]:
        parts = self._staged.parts
        if not parts or not parts.rejects.counts:
            return []
        return [self._cargo.rejects(parts.rejects, self._staged.part_files.files, self._run.run_id)]
