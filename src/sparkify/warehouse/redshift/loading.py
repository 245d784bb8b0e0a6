"""A load on Redshift: files into parts, then everything in one batch, which is one transaction."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from ... import boto3_sql_util
from ...boto3_sql_util import StatementError
from ...config import Settings
from ...errors import QualityError, SourceError, WarehouseError
from ...ledger import Ledger, Plan
from ...progress import Progress
from ...sources import SourceFile
from ...sql_queries import (
    TABLES,
    audit_queries,
    create_table_queries,
    drop_table_queries,
    folder,
)
from ...staging.rules import Kind, fields_of
from .. import PlanAgainError, Run, StageReport
from . import batch, direct, failures
from .batch import Batch, Direct, Step
from .cargo import Cargo
from .direct import source_of
from .filling import fill, literals
from .reading import LedgerState, RedshiftReader

if TYPE_CHECKING:
    from ..duckdb.parts import Parts

_ATTEMPTS = 4
_ROLE_WAITS_SECONDS = (2, 4, 8, 15, 30, 30, 30)
"""A fresh role cannot be assumed for some 10 to 30 seconds (IAM is eventually consistent:
IAM User Guide, troubleshoot_general)."""
_FORGOTTEN_AT_ONCE = 15  # an address is at most 4,096 bytes, a statement 100 KB
_AUDITS = {query.name: query for query in audit_queries}
_BOOKKEEPING = folder("bookkeeping")
_SQL = folder("redshift")


class RedshiftWarehouse(RedshiftReader):
    """The warehouse open for a load (the protocol `Warehouse`).

    workspace: a folder for the files of the load, removed by whoever made it.
    """

    def __init__(self, settings: Settings, workspace: Path, progress: Progress) -> None:
        super().__init__(settings, progress)
        self._workspace = workspace
        self._state = LedgerState(0, 0, 0, 0)
        self._staged = ExitStack()
        self._stagings = 0
        self._parts: Parts | None = None
        self._plan = self._part_files = Plan()
        self._keys: Sequence[str] = ()
        self._direct: dict[Kind, Direct] = {}
        self._compact_only = False

    def close(self) -> None:
        """Let go of the files of the load."""
        self._staged.close()

    def create_tables(self) -> None:
        """Make the tables that are missing, with their keys and layout; what is there stays."""
        present = self.tables()
        missing = [table for table in TABLES if table not in present]
        if missing:
            self.run_steps(_creation(missing))

    def drop_tables(self) -> None:
        """Remove every table with all that is in it."""
        self.run_steps([Step(query.name, query.sql) for query in drop_table_queries])
        self._version_is_known = False

    def known_files(self, state: LedgerState | None = None) -> Ledger:
        """Return every version of a file that was loaded, and note which run was the newest."""
        self._state = state or self.ledger_state()  # first: the batch fails if a newer run came
        return super().known_files(self._state)

    def newest_run(self) -> int:
        """Return the number of the run that was the newest when the ledger was read."""
        return self._state.newest_run

    def stage(self, plan: Plan, keys: Sequence[str], progress: Progress) -> StageReport:
        """Choose what COPY reads itself; read, validate and put together the rest."""
        from ..duckdb.parts import stage_parts

        self._staged.close()
        self._plan, self._keys, self._parts = plan, keys, None
        self._direct = direct.choose(self._settings, plan, keys, compact_only=self._compact_only)
        self._part_files = Plan(new=[f for f in plan.files if f.kind not in self._direct])
        self._stagings += 1
        if not self._part_files.files:
            return StageReport()
        folder = self._workspace / str(self._stagings)
        folder.mkdir()
        self._parts = self._staged.enter_context(
            stage_parts(self._settings, self._part_files, keys, folder, progress)
        )
        return self._parts.report

    def publish(self, run: Run, progress: Progress) -> None:
        """Stage, transform, audit and enter what was read, in one transaction."""
        self._progress = progress
        conflicts = 0
        attempt = 0
        waits = iter(_ROLE_WAITS_SECONDS)
        while True:
            attempt += 1
            try:
                self._send(run, Batch.publish, attempt, conflicts)
                break
            except StatementError as error:
                if self._was_entered(error, run):
                    break
                if error.role_not_ready and (wait := next(waits, 0)):
                    progress("waiting until the new role can be used", attempt, None, "attempts")
                    time.sleep(wait)
                elif error.name == batch.CONFLICTS and not self._direct and not conflicts:
                    conflicts = self._tell_conflicts(run, attempt)
                elif error.status != "ABORTED" or attempt >= _ATTEMPTS:
                    raise self._judged(error) from None
        self._forget_vanished(run)

    def refuse(self, run: Run) -> None:
        """Enter the run as refused, with its rejects, and nothing else."""
        try:
            self._send(run, Batch.refuse, 1, 0)
        except StatementError as error:
            if not self._was_entered(error, run):
                raise self._judged(error) from None

    def rebuild(self, progress: Progress) -> None:
        """Compute the star schema anew from what is staged."""
        self._progress = progress
        try:
            self.run_steps(batch.rebuild())
        except StatementError as error:
            raise self._judged(error) from None

    def _send(
        self,
        run: Run,
        statements: Callable[[Batch], list[Step]],
        attempt: int,
        conflicts: int,
    ) -> boto3_sql_util.Statement:
        """Put what COPY needs into the work bucket and run a batch; what was put is removed."""
        token = _token(run, self._state.newest_run, attempt)
        cargo = Cargo(self.work, self.work_address(f"loads/{token}"), self._workspace)
        try:
            what = Batch(
                run,
                self._state.newest_run,
                self.resources.role_arn,
                cargo.load(self._contents(cargo, run)),
                self._direct,
                conflicts,
                after_refusals=self._state.refused_runs > 0,
            )
            steps = statements(what)
            if len(steps) > batch.MAX_STATEMENTS:
                self._compact_only = True
                raise PlanAgainError(f"{len(steps)} statements are too many for one transaction")
            return self.run_steps(steps, token)
        finally:
            cargo.clear()

    def _contents(self, cargo: Cargo, run: Run) -> dict[str, list[Path]]:
        files: list[tuple[SourceFile, int | None]] = []
        contents: dict[str, list[Path]] = {}
        if self._parts:
            contents |= self._parts.files
            files = [
                (file, self._parts.records_read[number])
                for number, file in enumerate(self._part_files.files)
            ]
            if self._parts.rejects.counts:
                path = cargo.rejects(self._parts.rejects, self._part_files.files, run.run_id)
                contents["rejects"] = [path]
        files += [(file, None) for file in run.plan.files if file.kind in self._direct]
        return {"files": [cargo.files(files)], **contents}

    def _tell_conflicts(self, run: Run, attempt: int) -> int:
        """Find the records that lost their key in their files, and reject them; count them."""
        assert self._parts is not None
        before = sum(self._parts.rejects.counts.values())
        statement = self._send(run, Batch.find_conflicts, -attempt, 0)
        answers = range(len(statement.sqls) - len(get_args(Kind)), len(statement.sqls))
        for kind, number in zip(get_args(Kind), answers, strict=True):
            rows = boto3_sql_util.fetch(self.connection, statement, number).rows
            self._parts.reject_conflicts(kind, rows)
        return sum(self._parts.rejects.counts.values()) - before

    def _was_entered(self, error: StatementError, run: Run) -> bool:
        """After a failure that may be of a second try: look whether the first is in the books.

        The reply to a batch may be lost though the batch ran.
        """
        if error.name != batch.OVERTAKEN and not error.in_doubt:
            return False
        for row in self._ask([_BOOKKEEPING["runs"].sql])[0].rows:
            if row[0] == run.run_id:
                return bool(row[2] == run.started_at)
        return False

    def _judged(self, error: StatementError) -> Exception:
        """Say what a failed batch means: plan again, a broken audit, a bad record, or a failure."""
        if error.conflict or error.name == batch.OVERTAKEN:
            return PlanAgainError(
                "another load published first; nothing was published by this one",
                "Try again when the other has ended.",
            )
        if error.name in _AUDITS:
            return QualityError(
                f"{_AUDITS[error.name].purpose} ({error.name}): rows break this; nothing was "
                "published",
                "This is a fault of the program, not of the data: please report it. "
                "`sparkify etl --rebuild` computes the star schema anew from staging.",
                check=error.name,
            )
        by_itself = [kind for kind in self._direct if kind in error.name]
        if by_itself or (self._direct and error.name == batch.CONFLICTS):
            return self._direct_failed(error, by_itself)
        return WarehouseError(
            boto3_sql_util.debug(self.connection, error).text, error.next_step, step=error.name
        )

    def _direct_failed(self, error: StatementError, kinds: Sequence[Kind]) -> Exception:
        """Say why COPY could not take files itself; in mode auto they are validated instead."""
        if self._settings.copy_mode == "auto":
            self._compact_only = True
            return PlanAgainError(f"COPY does not take the files as they are: {error.message}")
        kind: Kind = kinds[0] if kinds else "events"
        files = [file for file in self._plan.files if file.kind == kind]
        fields = fields_of(kind, self._keys)
        return failures.direct_failure(self._settings, self.connection, error, files, fields)

    def _forget_vanished(self, run: Run) -> None:
        """Take files out of the ledger that COPY may have found otherwise than they were listed.

        COPY by prefix takes what is there when it looks. A file that vanished or changed since is
        loaded again when it is seen again; what is there twice then counts as duplicates.
        """
        taken = [file for file in run.plan.files if file.kind in self._direct]
        if not taken:
            return
        from ...util_s3 import S3

        source = S3(self._settings, self._settings.s3_region)
        there: dict[str, str] = {}
        for kind in self._direct:
            with suppress(SourceError):  # nothing is left there
                for one in source.list(source_of(self._settings, kind)):
                    there[f"s3://{one.bucket}/{one.key}"] = one.etag
        gone = [file.uri for file in taken if there.get(file.uri) != file.fingerprint]
        for first in range(0, len(gone), _FORGOTTEN_AT_ONCE):
            uris = literals(gone[first : first + _FORGOTTEN_AT_ONCE])
            sql = fill(_SQL["forget_files"], {"run_id": run.run_id}, {"uris": uris})
            boto3_sql_util.execute(self.connection, sql, progress=self._progress)


def _creation(missing: Sequence[str]) -> list[Step]:
    """List the statements that make tables; keys come before what refers to them."""
    keys = sorted(folder("redshift/keys").values(), key=lambda query: "_to_" in query.name)
    dressed = [
        query
        for query in (*keys, *folder("redshift/layout").values())
        if query.header["table"] in missing
    ]
    named = zip(TABLES, create_table_queries, strict=True)
    made = [query for table, query in named if table in missing]
    info = _BOOKKEEPING["insert_warehouse_info"]
    return [Step(query.name, query.sql) for query in (*made, info, *dressed)]


def _token(run: Run, base_run: int, attempt: int) -> str:
    """Name an attempt: what is sent twice under one token runs once (redshift-data ClientToken)."""
    digest = hashlib.sha256(f"{base_run} {run.run_id} {run.started_at} {attempt}".encode())
    for file in run.plan.files:
        digest.update(f"\n{file.uri}\n{file.fingerprint}".encode())
    return digest.hexdigest()[:32]


@contextmanager
def open_warehouse(settings: Settings, *, progress: Progress) -> Iterator[RedshiftWarehouse]:
    """Open the warehouse for a load. Raises SettingsError when no infrastructure is there."""
    with tempfile.TemporaryDirectory(prefix="sparkify-", ignore_cleanup_errors=True) as path:
        warehouse = RedshiftWarehouse(settings, Path(path), progress)
        try:
            yield warehouse
        finally:
            warehouse.close()
