"""Read the warehouse on Redshift: questions, several at once, the ledger, whole tables."""

from __future__ import annotations

import gzip
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import boto3_sql_util
from ...boto3_sql_util import MAX_STATEMENTS, StatementError
from ...config import Settings
from ...errors import SourceError, UsageError
from ...ledger import Ledger
from ...progress import Progress, silent
from ...sql_queries import SCHEMA_VERSION, TABLES, folder
from ...sql_queries.migrating import as_now
from ...table import Table
from ..parquet_folder import replacing
from ..schema_version import StagedBy, holds_warehouse, known_version, of_version, too_old
from .statements import LOCKING, WAITING, Step, doing, failed_step, fill

if TYPE_CHECKING:
    from ...boto3_sql_util import Connection, Statement
    from ...iac import Resources
    from ...util_s3 import S3

MANY_FILES = 50_000
"""Above this many files the ledger is read by UNLOAD: answers come in pages of about 1 MB
(redshift-data GetStatementResult)."""
DEADLINE_SECONDS = 4 * 3600.0
"""A statement that takes longer is cancelled, ..."""
BYTES_A_SECOND = 10e6
"""... or with much data, when it is slower than this; ..."""
LONGEST_SECONDS = 24 * 3600.0
"""... and after this the Data API ends it (mg/data-api)."""
EVENT_BYTES = 480
"""An event as JSON."""
MUCH_BYTES = 10_000_000 * EVENT_BYTES
"""From a warehouse with more than this UNLOAD writes with all slices, several files a table."""
_SHORT_WAIT_SECONDS, _LONG_WAIT_SECONDS = 3.0, 15.0
"""How long a load waits for the lock before it asks who holds it, and before it asks again."""
_AGAIN = "Run the command again: that is safe. If it lasts, run `sparkify doctor`."
_SQL = folder("redshift")
_BOOKKEEPING = folder("bookkeeping")
_WAREHOUSE = "the warehouse"
_MISSING = "does not exist"  # a table or a column, in the engine's words
_VERSION = _BOOKKEEPING["schema_version"].sql
_TOKEN = re.compile(
    r"""
      '(?:[^']|'')*'            # a text
    | "(?:[^"]|"")*"            # a quoted name
    | --[^\n]*                  # a comment
    | /\*(?:(?!/\*|\*/).)*\*/   # a comment, not nested
    | \w+
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_CHANGING = {"$", "'", '"', "into", "insert", "update", "delete"}
"""No WITH of Redshift changes rows, but other engines have one; a lone quote does not end."""
_NEXT = "`sparkify query` takes one SELECT; `sparkify status` lists the tables."


@dataclass(frozen=True)
class LedgerState:
    """The ledger as a whole.

    newest_run: 0 before the first. refused_runs, file_versions, staged_events: how many there are.
    staged_by: the settings that what is staged depends on.
    """

    newest_run: int = 0
    refused_runs: int = 0
    file_versions: int = 0
    staged_events: int = 0
    staged_by: StagedBy = field(default_factory=StagedBy)


class RedshiftReader:
    """The warehouse open for questions."""

    engine = "redshift"

    def __init__(self, settings: Settings, progress: Progress = silent) -> None:
        self._settings = settings
        self._progress = progress
        self._schema_version = 0  # not known yet
        self.state = LedgerState()
        self._look_at, self._held_by = 0.0, ""

    @cached_property
    def connection(self) -> Connection:
        """The connection to the Data API."""
        return boto3_sql_util.connect(self._settings)

    @cached_property
    def resources(self) -> Resources:
        """What `sparkify iac up` made. Raises SettingsError if there is nothing."""
        from ... import iac

        return iac.resources(self._settings)

    @cached_property
    def work(self) -> S3:
        """The client for the work bucket."""
        from ...util_s3 import S3

        return S3(self._settings, self._settings.aws_region)

    def work_address(self, key: str) -> str:
        """Return the address of a key in the work bucket."""
        return f"s3://{self.resources.work_bucket}/{key}"

    def read(self, sql: str) -> Table:
        """Run one statement and return its rows. Raises WarehouseError when it fails."""
        return self.read_all([sql])[0]

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        """Run several statements, as many as possible in one batch, and return the rows of each.

        Raises WarehouseError when one fails, and when there are no tables of this program yet.
        """
        if self._schema_version:
            return self._ask_whatever_version(statements)
        try:
            version, *found = self._ask([_VERSION, *statements])
        except StatementError as error:
            if _MISSING not in error.message or self.schema_version() == SCHEMA_VERSION:
                raise
            return self._ask_whatever_version(statements)
        self._schema_version = self._known(version)
        return found

    def schema_version(self) -> int:
        """Return the version of the tables. Raises WarehouseError when a newer program made them.

        It is asked for once, and again after a migration.
        """
        if self._schema_version < SCHEMA_VERSION:
            self._schema_version = self._known(self._ask([_VERSION])[0])
        return self._schema_version

    def _known(self, found: Table) -> int:
        version = int(found.rows[0][0]) if found.rows else SCHEMA_VERSION
        return known_version(version, _WAREHOUSE)

    def _ask_whatever_version(self, statements: Sequence[str]) -> list[Table]:
        if self._schema_version == SCHEMA_VERSION:
            return self._ask(statements)
        try:
            return self._ask([as_now(sql) for sql in statements])
        except StatementError as error:
            if _MISSING not in error.message:
                raise
            raise too_old(self._schema_version) from None

    def _ask(self, statements: Sequence[str]) -> list[Table]:
        found: list[Table] = []
        for first in range(0, len(statements), MAX_STATEMENTS):
            some = list(statements[first : first + MAX_STATEMENTS])
            statement = self._execute(some if len(some) > 1 else some[0])
            found += (boto3_sql_util.fetch(self.connection, statement, n) for n in range(len(some)))
        return found

    def tables(self) -> list[str]:
        """Return the tables of the warehouse that exist.

        Raises WarehouseError when there are tables of our names that this program did not make.
        """
        present = self.names()
        return [table for table in TABLES if table in present]

    def names(self) -> set[str]:
        """Return the names of all tables and views. Raises WarehouseError as `tables` does."""
        [found] = self._ask([_SQL["names_taken"].sql])
        where = f"database {self._settings.redshift_database}"
        next_step = "Choose another database: DATABASE in [REDSHIFT]."
        holds_warehouse(found.rows, where, next_step)
        return {name for name, _ in found.rows}

    def ledger_state(self) -> LedgerState:
        """Return the ledger as a whole. Raises WarehouseError when a newer program made it."""
        [[row]] = [table.rows for table in self._ask([_SQL["ledger_state"].sql])]
        *counts, mend_text, jsonpaths_hash = row
        newest_run, refused_runs, file_versions, staged_events, version = map(int, counts)
        self._schema_version = known_version(version, _WAREHOUSE)
        kept = StagedBy.read(mend_text, jsonpaths_hash)
        return LedgerState(newest_run, refused_runs, file_versions, staged_events, kept)

    def known_files(self) -> Ledger:
        """Return every version of a file that was loaded; note the state of the ledger."""
        self.state = self.ledger_state()  # first: a run that comes after it is noticed
        if self.state.file_versions > MANY_FILES:
            return Ledger(self._unloaded_files())
        return Ledger(self._ask([_BOOKKEEPING["known_files"].sql])[0].rows)

    def run_steps(
        self, steps: Sequence[Step], token: str | None = None, size: int = 0
    ) -> Statement:
        """Run a batch as one transaction; `size` bytes of JSON are much of its work.

        Raises StatementError, which names the failed step.
        """
        names = [step.name for step in steps]
        try:
            return self._execute([step.sql for step in steps], token, names, size)
        except StatementError as error:
            error.name = failed_step(error.name, error.number, error.message)
            error.details |= {"name": error.name}
            raise

    def _execute(
        self,
        sql: str | Sequence[str],
        token: str | None = None,
        names: Sequence[str] = (),
        size: int = 0,
    ) -> Statement:
        try:
            return boto3_sql_util.execute(
                self.connection,
                sql,
                token=token,
                names=names,
                deadline=min(DEADLINE_SECONDS + size / BYTES_A_SECOND, LONGEST_SECONDS),
                progress=self._tell,
            )
        except StatementError as error:
            error.next_step = error.next_step or _AGAIN
            raise

    def _tell(self, step: str, done: int, total: int | None, unit: str) -> None:
        """Tell the progress in words; of a load that holds the lock also who runs it."""
        words = doing(step)
        now = self.connection.clock.now()
        if words != WAITING:
            self._look_at, self._held_by = 0.0, ""
        elif not self._look_at:
            self._look_at = now + _SHORT_WAIT_SECONDS
        elif now >= self._look_at:
            self._look_at = now + _LONG_WAIT_SECONDS
            if found := boto3_sql_util.oldest_of_several(self.connection, LOCKING):
                who, since = found
                self._held_by = f" for the load of {who}, begun at {since:%H:%M:%S} UTC"
        self._progress(f"waiting{self._held_by}" if self._held_by else words, done, total, unit)

    def unload(self, name: str, query: str, target: str, *, size: int, table: str = "") -> None:
        """Write the rows of a query to S3: with all slices, several files, if that is much.

        name: of the UNLOAD, into whose literal the query goes on one line, without comments.
        size: of the whole warehouse as JSON. table: what is unloaded, for messages.
        """
        values = {"query": " ".join(query.split()), "target": target}
        parts = {"parallel": "ON" if size > MUCH_BYTES else "OFF"}
        sql = fill(_SQL[name], values | {"role": self.resources.role_arn}, parts)
        self._execute(sql, names=[f"unload_{table}" if table else name], size=size)

    def _unloaded_files(self) -> Iterable[tuple[Any, ...]]:
        """Yield the rows of a large ledger, by way of the work bucket."""
        target = self.work_address(f"ledger/{secrets.token_hex(16)}/")
        query = _BOOKKEEPING["known_files"].sql
        try:
            size = self.state.file_versions * EVENT_BYTES
            self.unload("unload_known_files", query, target, size=size)
            objects = sorted(self.work.list(target), key=lambda one: one.key)
            for data in self.work.read_many(objects):
                for line in gzip.decompress(data).splitlines():
                    record = json.loads(line)
                    yield record["uri"], record["fingerprint"], record.get("records_read")
        finally:
            self.work.delete_all(target)


class QueryReader(RedshiftReader):
    """A reader for a user's own statements: they can change nothing.

    limit: of the rows of each.
    """

    def __init__(
        self, settings: Settings, progress: Progress = silent, limit: int | None = None
    ) -> None:
        super().__init__(settings, progress)
        self._limit = limit

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        """Run statements that only read. Raises UsageError for others, and for wrong ones."""
        reading = [only_reading(sql) for sql in statements]
        self.schema_version()  # refuses tables of a newer program
        try:
            found = self._ask(reading)
            return [Table(table.columns, table.rows[: self._limit]) for table in found]
        except StatementError as error:
            if not error.is_statements_own:
                raise
            step = "`sparkify query` reads only; `sparkify status` lists the tables."
            raise UsageError(error.reason, step, **error.details) from None


def read_ledger(settings: Settings, *, progress: Progress = silent) -> Ledger:
    """Return what is loaded; nothing is, where there are no tables."""
    reader = RedshiftReader(settings, progress)
    if "loaded_files" not in reader.tables():
        return Ledger()
    version = reader.schema_version()
    if version < SCHEMA_VERSION:  # a migration forgets the ledger
        return Ledger(migrates_from=version)
    return reader.known_files()


def only_reading(sql: str) -> str:
    """Return a statement without its last semicolon.

    Raises UsageError unless it is one SELECT (or WITH ... SELECT) that creates no table: that
    changes nothing, for a procedure needs CALL.
    """
    text = sql.strip().rstrip(";").rstrip()
    words = [
        token.lower()
        for token in _TOKEN.findall(text)
        if len(token) == 1 or not token.startswith(("--", "/*", "'", '"'))
    ]
    if not words:
        raise UsageError("there is no statement to run", _NEXT)
    first = words[0].lstrip("(") or next((word for word in words if word != "("), "")
    if first not in ("select", "with"):
        raise UsageError(f"{words[0].upper()} ... is not a SELECT", _NEXT)
    if "\\'" in text:  # whether the quote ends the text depends on a setting of the server
        raise UsageError("a backslash stands before a quote", "Double the quote instead.")
    if ";" in words:
        raise UsageError("one statement is expected, not several", "Give them one by one.")
    if changing := sorted(_CHANGING & set(words)):
        word = changing[0].upper()
        raise UsageError(f"{word} does not belong in a statement that only reads", _NEXT)
    return text


def export_tables(
    settings: Settings, queries: Mapping[str, str], address: str, *, progress: Progress
) -> dict[str, str]:
    """Write tables as Parquet, each under a key or file name of its own.

    queries: the SELECT of each table.
    address: in the work bucket, the only one that the warehouse's role may write to, or
    a local folder, to which the files are downloaded: `<table>.parquet`, and `<table>.2.parquet`
    and so on for what is larger than one file of UNLOAD (dg/r_UNLOAD: 6.2 GB).
    Returns where each table went; for a table without rows UNLOAD writes nothing.
    Raises UsageError when the folder cannot be written to, and WarehouseError; then the folder
    holds what it held before.
    """
    reader = RedshiftReader(settings, progress)
    if address.startswith("s3://"):
        work = reader.resources.work_bucket
        if f"{address}/".split("/")[2] != work:
            raise UsageError(
                f"{address} is in another bucket than s3://{work}, and the warehouse's role may"
                " write to no other",
                f"Export to s3://{work}/exports/NAME, or to a folder, and copy it from there.",
            )
        return dict(_unloaded(reader, queries, address.rstrip("/"), progress))
    root = reader.work_address(f"exports/{secrets.token_hex(16)}")
    written = {}
    try:
        with replacing(Path(address), [*queries]) as made:
            for table, place in _unloaded(reader, queries, root, progress):
                if name := _download(reader, place, made, table):
                    written[table] = str(Path(address) / name)
    finally:
        reader.work.delete_all(root + "/")
    return written


def _unloaded(
    reader: RedshiftReader, queries: Mapping[str, str], root: str, progress: Progress
) -> Iterator[tuple[str, str]]:
    """Unload tables one by one, each to an address of its own; yield table and address."""
    version = reader.schema_version()
    events = reader.ledger_state().staged_events if version == SCHEMA_VERSION else 0
    queries = of_version(queries, version)
    for done, (table, query) in enumerate(queries.items()):
        progress(f"exporting {table}", done, len(queries), "tables")
        target = f"{root}/{table}/"
        reader.unload("unload_table", query, target, size=events * EVENT_BYTES, table=table)
        yield table, target


def _download(reader: RedshiftReader, target: str, local: Path, table: str) -> str:
    try:
        objects = sorted(reader.work.list(target), key=lambda one: one.key)
    except SourceError:
        return ""
    paths = [
        local / (f"{table}.parquet" if number == 1 else f"{table}.{number}.parquet")
        for number in range(1, len(objects) + 1)
    ]
    reader.work.download_many(list(zip(objects, paths, strict=True)))
    return paths[0].name if paths else ""
