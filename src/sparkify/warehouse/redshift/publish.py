"""Publish a load: upload what COPY needs to the work bucket, run the batch, and run it again.

`error_of` tells what a failed batch means: plan again, a broken audit, a bad record, or a failure.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ... import boto3_sql_util
from ...boto3_sql_util import MAX_STATEMENTS, LoadError, Statement, StatementError
from ...config import Settings
from ...errors import (
    BusyError,
    QualityError,
    SettingsError,
    SourceError,
    SparkifyError,
    WarehouseError,
)
from ...ledger import Plan
from ...progress import Progress
from ...retry import Backoff
from ...sources.files import Kind
from ...sql_queries import audit_queries, folder
from ...staging.rules import fields_of
from ...temporary import writing
from .. import PlanAgainError, Run
from .copy_plan import NEXT_STEP, Direct, first_unfit, not_for_copy, source_bucket
from .reader import EVENT_BYTES, RedshiftReader
from .statements import CONFLICTS, DAYS, OVERTAKEN, Batch, Step, reading_steps

if TYPE_CHECKING:
    from ...boto3_sql_util import Connection
    from ..duckdb.copy_files import Parts

ATTEMPTS = 4
_MUCH_HISTORY = 0.2
"""How much of each staged event a load reads that does not know its days: from some five days of
history on, to copy the new events twice is less."""
_RUNS = folder("bookkeeping")["runs"]
_AUDITS = {query.name: query for query in audit_queries}


class CompactFirstError(PlanAgainError):
    """COPY does not take the files as they are, or would run more often than a batch holds.

    They have to be merged first (compact).
    """


class WorkFolder:
    """The files of one load in the work bucket, under a key of their own; COPY takes them.

    key: where in the work bucket. workspace: a local folder.
    """

    def __init__(self, reader: RedshiftReader, key: str, workspace: Path) -> None:
        self._work = reader.work
        self._address = reader.work_address(key)
        self._workspace = workspace

    def upload(self, contents: Mapping[str, Sequence[Path]]) -> dict[str, str]:
        """Upload groups of files; returns the address of each group's manifest.

        A manifest names each file as mandatory: COPY fails when one is missing
        (dg/loading-data-files-using-manifest). A group without files has no manifest.
        """
        items: list[tuple[str, Path | bytes]] = []
        manifests: dict[str, str] = {}
        for name, paths in contents.items():
            addresses = [
                f"{self._address}/{name}-{number:04}.json.gz" for number in range(len(paths))
            ]
            items += zip(addresses, paths, strict=True)
            if addresses:
                entries = [{"url": address, "mandatory": True} for address in addresses]
                manifests[name] = f"{self._address}/{name}.manifest"
                items.append((manifests[name], json.dumps({"entries": entries}).encode()))
        self._work.upload_many(items)
        return manifests

    def write(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        """Write rows to a local file that can be uploaded."""
        path = self._workspace / f"{name}.json.gz"
        with (
            writing("preparing the load"),
            gzip.open(path, "wt", encoding="utf-8", compresslevel=6) as stream,
        ):
            for row in rows:
                stream.write(json.dumps(row) + "\n")
        return path

    def clear(self) -> None:
        """Delete everything; what is left over, the bucket's lifecycle deletes."""
        with suppress(SparkifyError):
            self._work.delete_all(self._address + "/")


def role_pauses() -> Backoff:
    """Return the pauses until a new role can be assumed: for some 10 to 30 seconds it cannot.

    (IAM is eventually consistent: IAM User Guide, troubleshoot_general.)
    """
    return Backoff(2.0, longest=30.0, attempts=7)


def wait_for_role(
    error: StatementError, pauses: Backoff, progress: Progress, attempt: int = 0
) -> bool:
    """Return whether to run a batch again, after a pause, because the role was not ready."""
    if not error.role_not_ready:
        return False
    progress("waiting until the new role can be used", attempt, None, "times")
    return pauses.wait()


@dataclass
class Staged:
    """What a load brings.

    keys: the JSON key of each column of staging_events. direct: the kinds that COPY takes itself.
    parts: what the files of the other kinds (part_files) were merged into.
    """

    plan: Plan = field(default_factory=Plan)
    keys: Sequence[str] = ()
    direct: dict[Kind, Direct] = field(default_factory=dict)
    part_files: Plan = field(default_factory=Plan)
    parts: Parts | None = None

    @property
    def days(self) -> Collection[date]:
        """The days of the events; empty where COPY takes events itself."""
        return self.parts.days if self.parts and "events" not in self.direct else ()

    def files(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of new_files; COPY does not tell how many records a file had."""
        counts = self.parts.records_read if self.parts else ()
        files = [file for file in self.plan.files if file.kind in self.direct]
        for number, file in enumerate([*self.part_files.files, *files]):
            yield {
                "source_file": number,
                "kind": file.kind,
                "uri": file.uri,
                "size": file.size,
                "fingerprint": file.fingerprint,
                "records_read": None if file.kind in self.direct else counts[number],
            }

    def rejects(self, run_id: int) -> Iterator[dict[str, Any]]:
        """Yield the rows of rejected_records."""
        assert self.parts is not None
        self.parts.rejects.flush()
        with self.parts.rejects.path.open(encoding="utf-8") as stream:
            for line in stream:
                record = json.loads(line)
                file = self.part_files.files[record.pop("source_file")]
                of_file = {"kind": file.kind, "uri": file.uri, "fingerprint": file.fingerprint}
                yield {"run_id": run_id, **of_file, **record}


class Publication:
    """A run that is published or refused. workspace: a folder for files."""

    def __init__(self, reader: RedshiftReader, staged: Staged, run: Run, workspace: Path) -> None:
        self._reader = reader
        self._staged = staged
        self._batch = Batch(
            run,
            reader.state.newest_run,
            reader.resources.role_arn,
            {},
            staged.direct,
            days=staged.days,
            after_refusals=reader.state.refused_runs > 0,
        )
        self._attempt = 0
        self._folder = WorkFolder(reader, f"loads/{self._token()}", workspace)
        self._may_find_conflicts = staged.parts is not None and not staged.direct
        self._bytes = staged.plan.files.bytes
        history = reader.state.staged_events * EVENT_BYTES
        self._asks_for_days = "events" in staged.direct and _MUCH_HISTORY * history > self._bytes

    def send(self, statements: Callable[[Batch], list[Step]], progress: Progress) -> None:
        """Upload what COPY needs and run a batch until it is done; then delete the uploads.

        It runs again while the role is not ready, after a conflict with another transaction, and
        once more when records lost their key.
        statements: Batch.publish or Batch.refuse.
        Raises StatementError when it cannot be done; then nothing of it is published.
        """
        try:
            files = self._folder.write("files", self._staged.files())
            parts = self._staged.parts.files if self._staged.parts else {}
            groups = {"files": [files], **parts, "rejects": self._rejects()}
            self._batch = replace(self._batch, manifests=self._folder.upload(groups))
            pauses = role_pauses()
            while True:
                try:
                    if self._asks_for_days:
                        self._find_days()
                    self._send(statements)
                    return
                except StatementError as error:
                    if self._is_entered_after(error):
                        return
                    if wait_for_role(error, pauses, progress, self._attempt):
                        continue
                    if error.name == CONFLICTS and self._may_find_conflicts:
                        self._reject_conflicts()
                    elif error.name == DAYS:
                        if self._attempt >= ATTEMPTS:
                            reason = "files keep coming to the source; nothing was published"
                            raise PlanAgainError(reason, "Try again later.") from None
                        self._asks_for_days = True
                    elif error.status != "ABORTED" or self._attempt >= ATTEMPTS:
                        raise
        finally:
            self._folder.clear()

    def _send(self, statements: Callable[[Batch], list[Step]]) -> Statement:
        self._attempt += 1
        steps = statements(self._batch)
        if len(steps) > MAX_STATEMENTS:
            raise CompactFirstError(f"{len(steps)} statements are too many for one transaction")
        return self._reader.run_steps(steps, self._token(), self._bytes)

    def _find_days(self) -> None:
        """Copy the events once to learn their days: else all of history is read beside them."""
        statement = self._reader.run_steps(self._batch.find_days(), size=self._bytes)
        found = boto3_sql_util.fetch(self._reader.connection, statement, len(statement.sqls) - 1)
        days = {day for (day,) in found.rows if day is not None}
        self._batch, self._asks_for_days = replace(self._batch, days=days), False

    def _token(self) -> str:
        """Return the client token of an attempt: what is sent again under one token runs once.

        (redshift-data BatchExecuteStatement: ClientToken.)
        """
        run = self._batch.run
        known = (self._batch.base_run, run.run_id, run.started_at, run.finished_at)
        digest = hashlib.sha256(f"{known} {self._attempt}".encode())
        for file in run.plan.files:
            digest.update(f"\n{file.uri}\n{file.fingerprint}".encode())
        return digest.hexdigest()[:32]

    def _is_entered_after(self, error: StatementError) -> bool:
        """Return whether the run is in the ledger although its batch failed.

        The reply to a batch may be lost though the batch ran; then a second attempt fails.
        """
        if error.name != OVERTAKEN and not error.in_doubt:
            return False
        runs = {row[0]: row[2] for row in self._reader.read(_RUNS.sql).rows}
        return bool(runs.get(self._batch.run.run_id) == self._batch.run.started_at)

    def _reject_conflicts(self) -> None:
        """Find the records that lost their key in their files, and add them to the rejects."""
        parts = self._staged.parts
        assert parts is not None
        self._may_find_conflicts = False
        statement = self._send(Batch.find_conflicts)
        before = parts.rejects.counts.total()
        displaced: Counter[Kind] = Counter()
        kinds = get_args(Kind)
        for number, kind in enumerate(kinds, len(statement.sqls) - len(kinds)):
            rows = boto3_sql_util.fetch(self._reader.connection, statement, number).rows
            parts.reject_conflicts(kind, rows)
            displaced[kind] = sum(row[-1] == "displaced" for row in rows)
        rejects = self._folder.upload({"rejects": self._rejects()})
        self._batch = replace(
            self._batch,
            manifests={**self._batch.manifests, **rejects},
            conflicts=parts.rejects.counts.total() - before,
            displaced=+displaced,
            after_refusals=False,
        )

    def _rejects(self) -> list[Path]:
        parts = self._staged.parts
        if not parts or not parts.rejects.counts:
            return []
        return [self._folder.write("rejects", self._staged.rejects(self._batch.run.run_id))]


# What a failed batch means


def error_of(
    error: StatementError, settings: Settings, connection: Connection, staged: Staged
) -> SparkifyError:
    """Return the error that says what a failed batch means; nothing of it was published."""
    if error.status == "TIMEOUT" or error.in_doubt:
        return error
    details = error.details | {"step": error.name}
    reason = f"{error.reason}; nothing was published"
    if error.name == OVERTAKEN or error.conflict:
        what = "another load published first; nothing was published by this one"
        return PlanAgainError(
            what if error.name == OVERTAKEN else reason,
            "Try again when the other has ended.",
            **details,
        )
    if error.name in _AUDITS:
        return QualityError(
            f"{_AUDITS[error.name].purpose} ({error.name}): rows break this; nothing was published",
            "This is a fault of the program, not of the data: please report it. "
            "`sparkify etl --rebuild` computes the star schema again from staging.",
            **details,
            check=error.name,
        )
    if error.kind == "busy":
        return BusyError(reason, error.next_step, **details)
    suspects = [kind for kind in staged.direct if error.name in reading_steps(kind)]
    if error.number < 0 or error.name == CONFLICTS:  # it may be any statement
        suspects = [*staged.direct]
    if suspects and error.kind == "records":
        if settings.copy_mode == "auto":
            return CompactFirstError(f"the files cannot be copied as they are: {error.message}")
        return _direct_error(error, settings, connection, staged, suspects)
    if suspects and error.kind == "region":
        return SettingsError(reason, error.next_step, **details)
    if suspects and error.kind == "missing":
        return SourceError(reason, error.next_step, **details)
    if error.name.startswith("copy_"):
        found = boto3_sql_util.debug(connection, error)
        reason = f"{found.text}; nothing was published"
    return WarehouseError(reason, error.next_step, **details)


def _direct_error(
    error: StatementError,
    settings: Settings,
    connection: Connection,
    staged: Staged,
    suspects: Sequence[Kind],
) -> SparkifyError:
    """Return the error of a direct load that failed. suspects: the kinds that may have failed."""
    if error.name == CONFLICTS:
        return SourceError(
            "records contradict others of the same key, and COPY_MODE = direct cannot put them "
            "among the rejects; nothing was loaded",
            "Set COPY_MODE = auto: the greater record stays, the others go to the rejects.",
            step=error.name,
        )
    found = boto3_sql_util.debug(connection, error).with_values(partial(_value, settings))
    reason = f"{found.text}; nothing was loaded"
    if found.load_errors and found.load_errors[0].file:
        first = found.load_errors[0]
        return SourceError(reason, NEXT_STEP, step=error.name, uri=first.file, line=first.line)
    s3 = source_bucket(settings)
    for kind in suspects:
        fields = fields_of(kind, staged.keys, mend_text=settings.mend_text)
        any_case = staged.direct[kind].any_case
        for file in (file for file in staged.plan.files if file.kind == kind):
            if unfit := first_unfit(file, s3.read(file.path), fields, any_case):
                return not_for_copy(file.uri, *unfit, step=error.name)
    return SourceError(reason, NEXT_STEP, step=error.name)


def _value(settings: Settings, error: LoadError) -> str | None:
    """Return the offending value from its file: load errors tell only where it is."""
    if error.line < 1:
        return None
    try:
        data = source_bucket(settings).read(error.file)
        data = gzip.decompress(data) if error.file.endswith(".gz") else data
        record = json.loads(data.split(b"\n")[error.line - 1])
        [value] = [value for key, value in record.items() if key.lower() == error.column.lower()]
    except (OSError, EOFError, zlib.error, ValueError, LookupError, AttributeError):
        return None
    return json.dumps(value)
