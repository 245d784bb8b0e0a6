"""Open the DuckDB file, for one writer or several readers, and translate the engine's errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from ...config import Settings
from ...errors import BusyError, WarehouseError
from ...progress import Progress
from ...retry import Backoff
from ...temporary import temporary_folder, writing

_DAMAGED = re.compile("Corrupt database file|Could not read enough bytes")
_LOCKED = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
ELSEWHERE = "Name another file with --database (DATABASE in [DUCKDB])."
_NO_DATABASE = "not a valid DuckDB database"
_MARK = b"DUCK"
_MARK_AT = 8
_OTHER_KINDS = {b"SQLite": "an SQLite database", b"PAR1": "a Parquet file"}
NO_EXTENSIONS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Otherwise the engine downloads extensions into the home folder."""

_LITTLE_BYTES = 400e6
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_CLOSING_SECONDS = 10.0


def connect(
    settings: Settings, *, read_only: bool, wait: float, progress: Progress
) -> duckdb.DuckDBPyConnection:
    """Open the database; wait, in seconds, for another process that holds it.

    Raises BusyError when it holds it for longer, WarehouseError when the file cannot be opened.
    """
    backoff = Backoff(_FIRST_PAUSE_SECONDS, longest=_LONGEST_PAUSE_SECONDS, seconds=wait)
    while True:
        try:
            if not read_only:
                _make(settings.database)
            _require_no_other_kind(settings.database)
            path = str(settings.database.absolute())  # the engine would expand ~
            return _in_utc(duckdb.connect(path, read_only=read_only, config=options(settings)))
        except (duckdb.Error, OSError) as error:
            holder = _LOCKED.search(str(error))
            if holder is None:
                if _NO_DATABASE in str(error):
                    raise _no_database(settings.database, "an empty file") from None
                cause = (isinstance(error, OSError) and error.strerror) or _first_line(error)
                raise WarehouseError(
                    f"{settings.database} cannot be opened: {cause}",
                    _remedy(error)
                    or "Check that it is a DuckDB file, that its folder is writable, and the disk.",
                ) from None
            waited = backoff.waited
            who = f"process {holder['pid']} ({Path(holder['program']).name})"
            if wait:
                progress(f"waiting for {who}", min(int(waited), int(wait)), int(wait), "seconds")
            if not backoff.wait():
                raise BusyError(
                    f"{settings.database} is in use by {who}; waited {waited:.0f} seconds",
                    "Try again when it has finished, or wait longer with --wait SECONDS.",
                    process=int(holder["pid"]),
                ) from None


def _in_utc(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Set the session's time zone, which the configuration of a new connection does not take."""
    try:
        with failures("opening the database"):
            connection.execute("SET TimeZone = 'UTC'")
    except BaseException:
        connection.close()
        raise
    return connection


def _require_no_other_kind(database: Path) -> None:
    """Refuse what the engine would open with an extension, or block on, such as a pipe.

    Raises WarehouseError, or OSError when the file cannot be read.
    """
    if not database.exists():
        return
    if not database.is_file():
        raise _no_database(database, "a folder" if database.is_dir() else "no regular file")
    with database.open("rb") as stream:
        head = stream.read(_MARK_AT + len(_MARK))
    if head and head[_MARK_AT:] != _MARK:  # another process may be creating an empty one
        kinds = (name for start, name in _OTHER_KINDS.items() if head.startswith(start))
        raise _no_database(database, next(kinds, "a file of another kind"))


def _no_database(database: Path, what: str) -> WarehouseError:
    return WarehouseError(
        f"{database} cannot be opened: it is no DuckDB database, but {what}",
        f"{ELSEWHERE} Nothing in this one was changed.",
    )


def options(settings: Settings) -> dict[str, Any]:
    """Return the engine's configuration: memory limit, threads, no extensions.

    Each thread that reads JSON takes several buffers of 32 MB, so little memory means one thread.
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
    """Return whether a memory limit leaves no room for the buffers of several threads."""
    amount = re.fullmatch(r"([\d.]+) ?([KMG])i?B", limit, re.IGNORECASE)
    if amount is None:  # a percentage, terabytes, or something for DuckDB to refuse
        return False
    power = "KMG".index(amount[2].upper()) + 1
    return bool(float(amount[1]) * 1000**power < _LITTLE_BYTES)


def _make(database: Path) -> None:
    """Create an empty database where there is none, atomically: half of one cannot be opened."""
    database.parent.mkdir(parents=True, exist_ok=True)
    if database.exists():
        return
    with temporary_folder(database.parent, ".sparkify-") as folder:
        made = folder / database.name
        duckdb.connect(str(made), config=NO_EXTENSIONS).close()
        with suppress(OSError):  # another process was faster, or no hard links are possible
            database.hardlink_to(made)


@contextmanager
def closing(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Close a connection at the end of the block."""
    try:
        yield connection
    finally:
        close(connection)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit at the end of the block; roll back on an error."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the error may have ended the transaction
            connection.rollback()
        raise
    connection.commit()


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection, which ends its transaction.

    The engine refuses that during a call, and one that a signal interrupted may take a moment to
    end. If it takes longer, the connection ends with the process.
    """
    backoff = Backoff(_FIRST_PAUSE_SECONDS, factor=1.0, seconds=_CLOSING_SECONDS)
    while True:
        try:
            return connection.close()
        except duckdb.ResourceInUseException:
            connection.interrupt()
            if not backoff.wait():
                return None


@contextmanager
def failures(doing: str) -> Iterator[None]:
    """Raise the engine's errors as WarehouseError, or KeyboardInterrupt. doing: what failed."""
    try:
        with writing(doing):
            yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except RuntimeError as error:  # the client, on Ctrl-C during a statement
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from None
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise WarehouseError(f"{doing}: {_first_line(error)}", _remedy(error)) from None


def _remedy(error: Exception) -> str:
    """Return the next step where there is one; for a damaged file, which no second try repairs."""
    if _DAMAGED.search(_first_line(error)):
        return (
            "The database file is damaged. Put back a copy of it, or load the sources into a new "
            "file (--database): the tables follow from the sources alone."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return "Give it more: MEMORY_LIMIT in [DUCKDB]."
    if isinstance(error, duckdb.IOException | duckdb.FatalException | duckdb.TransactionException):
        return "Check the disk's free space and permissions; then run the command again."
    return ""


def words(error: Exception) -> str:
    """Return the engine's message, even one that cuts a character, which the client cannot read."""
    if isinstance(error, UnicodeDecodeError):
        return error.object.decode("utf-8", "replace")
    return str(error)


def _first_line(error: Exception) -> str:
    return words(error).strip().split("\n")[0]
