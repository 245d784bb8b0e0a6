"""The DuckDB file: opened by one writer or several readers, and read."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import shorten
from typing import Any

import duckdb

from ...config import Settings
from ...errors import BusyError, WarehouseError
from ...ledger import Ledger
from ...progress import Progress, silent
from ...sql_queries import SCHEMA_VERSION, Query, folder
from ...sql_queries.migrating import as_now
from ...table import Table
from ...temporary import temporary_folder, writing
from ..ownership import holds_warehouse, not_ours
from ..parquet_folder import replacing
from ..versions import known_version, too_old

_DAMAGED = re.compile("Corrupt database file|Could not read enough bytes")
_LOCKED = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
_ELSEWHERE = "Name another file with --database (DATABASE in [DUCKDB])."
_NO_DATABASE = "not a valid DuckDB database"
_MARK = b"DUCK"
_MARK_AT = 8
_OTHER_KINDS = {b"SQLite": "an SQLite database", b"PAR1": "a Parquet file"}
NO_EXTENSIONS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""What the engine would otherwise fetch from the network, and keep below the home folder."""

_LITTLE_BYTES = 400e6
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_CLOSING_SECONDS = 10.0
_SHOWN_SQL = 72


class DuckDBReader:
    """An open connection to the warehouse; close it soon, for a reader keeps loads waiting.

    schema_version: of its tables, at most our own.
    """

    engine = "duckdb"

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, schema_version: int = SCHEMA_VERSION
    ) -> None:
        self._connection = connection
        self.schema_version = schema_version

    def read(self, sql: str) -> Table:
        """Run one statement and return its rows. Raises WarehouseError when it fails."""
        is_older = self.schema_version < SCHEMA_VERSION
        with failures(shorten(sql, _SHOWN_SQL, placeholder=" ...")):
            try:
                cursor = self._connection.execute(as_now(sql) if is_older else sql)
            except (duckdb.BinderException, duckdb.CatalogException):
                if is_older:
                    raise too_old(self.schema_version) from None
                raise
            columns = tuple(column[0] for column in cursor.description or ())
            return Table(columns, cursor.fetchall())

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        """Run several statements and return the rows of each. Raises WarehouseError."""
        return [self.read(sql) for sql in statements]

    def tables(self) -> list[str]:
        """Name the tables that the database has, sorted."""
        found = self.read(folder("duckdb")["tables_present"].sql)
        return [name for (name,) in found.rows]

    def export(self, table: str, path: Path) -> None:
        """Write a table as a Parquet file. Raises WarehouseError when it cannot be written."""
        self._run(folder("duckdb")["export_table"], {"table": table, "path": str(path.absolute())})

    def known_files(self) -> Ledger:
        """Return every version of a file that was loaded."""
        return Ledger(self._run(folder("bookkeeping")["known_files"]))

    def _run(self, query: Query, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        with failures(query.name):
            return self._connection.execute(query.sql, parameters or {}).fetchall()


@contextmanager
def open_reader(
    settings: Settings,
    *,
    wait: float = 60.0,
    progress: Progress = silent,
    for_user_sql: bool = False,
) -> Iterator[DuckDBReader]:
    """Open the warehouse read-only.

    wait: how many seconds to wait for a load that is under way. for_user_sql: let through only
    what reads.
    Raises WarehouseError when there is no warehouse, or one that this program cannot read;
    BusyError when the wait was not enough.
    """
    if not settings.database.exists():
        raise WarehouseError(
            f"there is no warehouse at {settings.database} yet",
            "Load one with `sparkify etl`, or name another file with --database.",
        )
    with closing(connect(settings, read_only=True, wait=wait, progress=progress)) as connection:
        version = check_schema(DuckDBReader(connection), settings.database)
        if for_user_sql:
            from .asking import QueryReader

            yield QueryReader(connection)
        else:
            yield DuckDBReader(connection, version)


def export_tables(
    settings: Settings, tables: Sequence[str], address: str, *, wait: float, progress: Progress
) -> dict[str, str]:
    """Write each table to `<table>.parquet` in a folder, over what stood there, all or none.

    Returns the file of each table. Raises UsageError when the folder cannot be written to,
    WarehouseError or BusyError.
    """
    target = Path(address)
    files = {}
    with (
        open_reader(settings, wait=wait, progress=progress) as reader,
        replacing(target, tables) as made,
    ):
        for done, table in enumerate(tables):
            progress(f"exporting {table}", done, len(tables), "tables")
            reader.export(table, made / f"{table}.parquet")
            files[table] = str(target / f"{table}.parquet")
    return files


def read_ledger(settings: Settings, *, wait: float, progress: Progress) -> Ledger:
    """Read what is loaded; nothing is, where there is no database or it has no tables."""
    if not settings.database.exists():
        return Ledger()
    with closing(connect(settings, read_only=True, wait=wait, progress=progress)) as connection:
        reader = DuckDBReader(connection)
        if not holds_tables(reader, settings.database):
            return Ledger()
        version = check_schema(reader, settings.database)
        if version < SCHEMA_VERSION:  # a migration forgets the ledger
            return Ledger(migrates_from=version)
        return reader.known_files()


def holds_tables(reader: DuckDBReader, database: Path) -> bool:
    """Return whether a database holds our tables.

    Raises WarehouseError when it holds tables of our names that this program did not make.
    """
    found = reader.read(folder("duckdb")["names_taken"].sql)
    return holds_warehouse(found.rows, str(database), _ELSEWHERE)


def check_schema(reader: DuckDBReader, database: Path) -> int:
    """Return the version of the tables. Nothing is changed.

    Raises WarehouseError when the database is no warehouse, or one of a newer program.
    """
    if not holds_tables(reader, database):
        raise WarehouseError(
            f"{database} holds no Sparkify tables",
            "Load it with `sparkify etl`, or make the tables with `sparkify create-tables`.",
        )
    versions = reader.read(folder("bookkeeping")["schema_version"].sql).rows
    version: int = versions[0][0] if versions else SCHEMA_VERSION
    if not isinstance(version, int):
        raise not_ours(["warehouse_info"], str(database), _ELSEWHERE)
    return known_version(version, str(database))


def connect(
    settings: Settings, *, read_only: bool, wait: float, progress: Progress
) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting for whoever holds it.

    Raises BusyError when the wait was not enough, WarehouseError when the file cannot be opened.
    """
    began = time.monotonic()
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            if not read_only:
                _make(settings.database)
            _require_no_other_kind(settings.database)
            path = str(settings.database.absolute())  # the engine takes ~ for the home folder
            return duckdb.connect(path, read_only=read_only, config=options(settings))
        except (duckdb.Error, OSError) as error:
            holder = _LOCKED.search(str(error))
            if holder is None:
                if _NO_DATABASE in str(error):
                    raise _no_database(settings.database, "an empty file") from None
                raise WarehouseError(
                    f"{settings.database} cannot be opened: {_cause(error)}",
                    _remedy(error)
                    or "Check that it is a DuckDB file, that its folder is writable, and the disk.",
                ) from None
            waited = time.monotonic() - began
            who = f"process {holder['pid']} ({Path(holder['program']).name})"
            if wait:
                progress(f"waiting for {who}", min(int(waited), int(wait)), int(wait), "seconds")
            if waited >= wait:
                raise BusyError(
                    f"{settings.database} is in use by {who}; waited {waited:.0f} seconds",
                    "Try again when it has finished, or wait longer with --wait SECONDS.",
                    process=int(holder["pid"]),
                ) from None
            time.sleep(min(pause, wait - waited))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _require_no_other_kind(database: Path) -> None:
    """Refuse what the engine would open with an extension, or wait for: it is not asked.

    Raises WarehouseError, or OSError when the file cannot be read.
    """
    if not database.exists():
        return
    if not database.is_file():
        raise _no_database(database, "a folder" if database.is_dir() else "no regular file")
    with database.open("rb") as stream:
        head = stream.read(_MARK_AT + len(_MARK))
    if head and head[_MARK_AT:] != _MARK:  # an empty one may be another process's that makes it
        kinds = (name for start, name in _OTHER_KINDS.items() if head.startswith(start))
        raise _no_database(database, next(kinds, "a file of another kind"))


def _no_database(database: Path, what: str) -> WarehouseError:
    return WarehouseError(
        f"{database} cannot be opened: it is no DuckDB database, but {what}",
        f"{_ELSEWHERE} Nothing in this one was changed.",
    )


def options(settings: Settings) -> dict[str, Any]:
    """Return how DuckDB is to work: within what memory, with how many threads, with no extension.

    Each thread that reads JSON takes several buffers of 32 MB, so little memory is for one thread.
    """
    chosen: dict[str, Any] = {"preserve_insertion_order": False, **NO_EXTENSIONS}
    if settings.memory_limit:
        chosen["memory_limit"] = settings.memory_limit
        if _is_little(settings.memory_limit):
            chosen["threads"] = 1
    if settings.threads:
        chosen["threads"] = settings.threads
    return chosen


def _is_little(limit: str) -> bool:
    """Whether a memory limit leaves no room for the buffers of several threads."""
    amount = re.fullmatch(r"([\d.]+) ?([KMG])i?B", limit, re.IGNORECASE)
    if amount is None:  # a share, terabytes, or something for DuckDB to refuse
        return False
    power = "KMG".index(amount[2].upper()) + 1
    return bool(float(amount[1]) * 1000**power < _LITTLE_BYTES)


def _make(database: Path) -> None:
    """Make an empty database where there is none: whole, for one half made cannot be opened."""
    database.parent.mkdir(parents=True, exist_ok=True)
    if database.exists():
        return
    with temporary_folder(database.parent, ".sparkify-") as folder:
        made = folder / database.name
        duckdb.connect(str(made), config=NO_EXTENSIONS).close()
        with suppress(OSError):  # another process was faster, or there are no hard links here
            database.hardlink_to(made)


@contextmanager
def closing(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Close a connection in the end."""
    try:
        yield connection
    finally:
        close(connection)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what is done meanwhile, or, after an error, take it back."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # a failure may have ended the transaction
            connection.rollback()
        raise
    connection.commit()


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection, and with it its transaction.

    The engine refuses that while a call is under way, and one that a signal cut short may take a
    moment to end; of one that takes longer the end of the process takes care.
    """
    until = time.monotonic() + _CLOSING_SECONDS
    while True:
        try:
            connection.close()
        except duckdb.ResourceInUseException:
            if time.monotonic() > until:
                return
            connection.interrupt()
            time.sleep(_FIRST_PAUSE_SECONDS)
        else:
            return


@contextmanager
def failures(doing: str) -> Iterator[None]:
    """Turn the engine's errors into ours, which say what was being done."""
    try:
        with writing(doing):
            yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except RuntimeError as error:  # what the client makes of Ctrl-C during a statement
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None
    except duckdb.OutOfMemoryException as error:
        raise WarehouseError(
            f"{doing}: {_first_line(error)}", "Give it more: MEMORY_LIMIT in [DUCKDB]."
        ) from None
    except (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException) as error:
        raise WarehouseError(
            f"{doing}: {_first_line(error)}",
            _remedy(error)
            or "Check the disk's free space and permissions; then run the command again.",
        ) from None
    except duckdb.Error as error:
        raise WarehouseError(f"{doing}: {_first_line(error)}", _remedy(error)) from None
    except UnicodeDecodeError as error:  # the client on a message that cuts a character
        message = error.object.decode("utf-8", "replace")
        raise WarehouseError(f"{doing}: {_first_line(message)}") from None


def _remedy(error: Exception) -> str:
    """Say what helps when the file is damaged, which no second try mends; else nothing."""
    if not _DAMAGED.search(_first_line(error)):
        return ""
    return (
        "The database file is damaged. Put back a copy of it, or load the sources into a new file "
        "(--database): the tables follow from the sources alone."
    )


def _cause(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or _first_line(error)


def _first_line(error: Exception | str) -> str:
    return str(error).strip().split("\n")[0]
