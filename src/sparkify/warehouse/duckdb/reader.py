"""Read the warehouse: the program's own statements, and those that a user wrote."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import duckdb
from duckdb import StatementType

from ...config import Settings
from ...errors import UsageError, WarehouseError
from ...ledger import Ledger
from ...progress import Progress, silent
from ...sql_queries import SCHEMA_VERSION, Query, create_view_queries, folder
from ...sql_queries.migrating import as_now
from ...table import Nested, Table
from ..parquet_folder import replacing
from ..schema_version import holds_warehouse, known_version, not_ours, of_version, too_old
from .connection import ELSEWHERE, closing, connect, failures, words

_SHOWN_SQL = 72
_EXPLAIN = re.compile(r"\s*EXPLAIN\b\s*(?:ANALYZE\b|\([^()]*\))?", re.IGNORECASE)
_READING = re.compile(r"[\s(]*(?:SELECT|FROM|WITH|PIVOT|UNPIVOT)\b", re.IGNORECASE)
_NEXT = "`sparkify query` takes one SELECT; it reads the warehouse and can do nothing else."
_STATEMENT_ERRORS = (
    *(duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError),
    *(duckdb.IntegrityError, duckdb.PermissionException),
    UnicodeDecodeError,  # the client, on a message that cuts a character
)
"""What the statement is to blame for, not the warehouse or the machine."""


class DuckDBReader:
    """An open connection to the warehouse, which keeps loads waiting.

    schema_version: of its tables, at most SCHEMA_VERSION.
    """

    engine = "duckdb"

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, schema_version: int = SCHEMA_VERSION
    ) -> None:
        self._connection = connection
        self.schema_version = schema_version

    def read(self, sql: str) -> Table:
        """Run one statement and return its rows. Raises WarehouseError when it fails."""
        with self._asked(sql, shorten(sql, _SHOWN_SQL, placeholder=" ...")) as asked:
            cursor = self._connection.execute(asked)
            described = cursor.description or ()
            if any("TIME ZONE" in str(column[1]) for column in described):
                cursor.abort()  # a user's question may ask for now(), which needs converting
                rows = _fetched(self._connection.sql(asked))
            else:
                rows = cursor.fetchall()
            return Table(tuple(column[0] for column in described), rows)

    @contextmanager
    def _asked(self, sql: str, step: str) -> Iterator[str]:
        """Yield a statement as the tables of this version take it. Raises WarehouseError."""
        is_older = self.schema_version < SCHEMA_VERSION
        with failures(step):
            try:
                yield as_now(sql) if is_older else sql
            except (duckdb.BinderException, duckdb.CatalogException):
                if is_older:
                    raise too_old(self.schema_version) from None
                raise

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        """Run several statements and return the rows of each. Raises WarehouseError."""
        return [self.read(sql) for sql in statements]

    def tables(self) -> list[str]:
        """Return the names of the tables, sorted."""
        return [name for (name,) in self._run(folder("duckdb")["tables_present"])]

    def export(self, sql: str, path: Path) -> None:
        """Write rows as a Parquet file. Raises WarehouseError when it cannot be written."""
        with self._asked(sql, f"writing {path.name}") as asked:
            self._connection.sql(asked).write_parquet(str(path.absolute()))

    def known_files(self) -> Ledger:
        """Return every version of a file that was loaded."""
        return Ledger(self._run(folder("bookkeeping")["known_files"]))

    def _run(self, query: Query, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        with failures(query.name):
            return self._connection.execute(query.sql, parameters or {}).fetchall()


class QueryReader(DuckDBReader):
    """A reader for statements that a user wrote, which may only read.

    A read-only database without external access is not enough: a COPY may still write beside the
    database, over the log from which the engine restores it.

    limit: of the rows of a statement, of which the engine then makes no more.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, limit: int | None = None) -> None:
        super().__init__(connection)
        self._limit = limit
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")

    def read(self, sql: str) -> Table:
        """Run one SELECT. Raises UsageError when it is none, or wrong."""
        self._require_reading(sql)
        with failures("the query"):
            try:
                relation = self._connection.sql(_before_semicolon(sql))
                columns = tuple(relation.columns)  # a limit makes those that repeat differ
                if self._limit is not None:
                    relation = relation.limit(self._limit)
                return Table(columns, _fetched(relation))
            except _STATEMENT_ERRORS as error:
                raise UsageError(_message(error), _advice(error)) from None

    def _require_reading(self, sql: str) -> None:
        """Raise UsageError unless a text is one SELECT, or the EXPLAIN of one."""
        try:
            statements = self._connection.extract_statements(sql)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise UsageError(f"not SQL that DuckDB reads: {_message(error)}") from None
        if not statements:
            raise UsageError(
                "there is no statement to run", "Give one; `sparkify status` lists the tables."
            )
        if len(statements) != 1:
            raise UsageError(
                f"one statement is expected, not {len(statements)}", "Give them one by one."
            )
        try:
            kind = statements[0].type
        except ValueError:  # the engine knows more kinds than its client
            raise UsageError("this is not a SELECT statement", _NEXT) from None
        if kind == StatementType.EXPLAIN:
            explained = _EXPLAIN.match(sql)
            if explained is None:
                raise UsageError("the first word must be EXPLAIN", _NEXT)
            self._require_reading(sql[explained.end() :])
        elif kind == StatementType.MULTI:  # a PIVOT, or anything with a PIVOT in it
            if not _READING.match(sql):
                raise UsageError("one with a PIVOT in it must begin with SELECT or PIVOT", _NEXT)
        elif kind != StatementType.SELECT:
            raise UsageError(f"{kind.name} is not a SELECT", _NEXT)


def _before_semicolon(sql: str) -> str:
    """Return the one statement of a text: a limit is put around it, comments behind it are not."""
    text = sql.encode()
    ends = [at for at, _ in duckdb.tokenize(sql) if text[at : at + 1] == b";"]
    return next((part for end in ends if (part := text[:end].decode()).strip()), sql)


def _message(error: Exception) -> str:
    """Return the engine's message with its suggestion, without the place in the statement."""
    return " ".join(words(error).split("\n\n")[0].split())


def _advice(error: Exception) -> str:
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return "`sparkify status` lists the tables, `sparkify sql TABLE` the columns of one."
    if isinstance(error, duckdb.InvalidInputException | duckdb.PermissionException):
        return "`sparkify query` reads the warehouse and can do nothing else."
    return ""


@contextmanager
def open_reader(
    settings: Settings,
    *,
    wait: float = 60.0,
    progress: Progress = silent,
    for_user_sql: bool = False,
    limit: int | None = None,
) -> Iterator[DuckDBReader]:
    """Open the warehouse read-only.

    wait: for a running load, in seconds. for_user_sql: refuse all but a SELECT, of whose rows at
    most `limit` are read.
    Raises WarehouseError when there is no warehouse or one that this program cannot read, BusyError
    when the load takes longer.
    """
    if not settings.database.exists():
        raise WarehouseError(
            f"there is no warehouse at {settings.database} yet",
            "Load one with `sparkify etl`, or name another file with --database.",
        )
    with closing(connect(settings, read_only=True, wait=wait, progress=progress)) as connection:
        version = stored_version(DuckDBReader(connection), settings.database)
        if not version:
            raise WarehouseError(
                f"{settings.database} holds no Sparkify tables",
                "Load it with `sparkify etl`, or make the tables with `sparkify create-tables`.",
            )
        yield QueryReader(connection, limit) if for_user_sql else DuckDBReader(connection, version)


def write_parquet(table: Table, path: Path) -> None:
    """Write the rows of a result as a Parquet file; values of a mixed column as texts.

    Raises WarehouseError when it cannot be written.
    """
    columns: list[Any] = [_alike(column) for column in zip(*table.rows, strict=True)]
    rows = list(zip(*columns, strict=True)) or [(None,) * len(table.columns)]
    with closing(duckdb.connect()) as connection, failures("writing the Parquet file"):
        relation = connection.values(*rows)
        named = [
            duckdb.ColumnExpression(column).alias(name)
            for column, name in zip(relation.columns, table.columns, strict=True)
        ]
        relation.select(*named).limit(len(table.rows)).write_parquet(str(path.absolute()))


def _alike(column: tuple[Any, ...]) -> tuple[Any, ...]:
    kinds = {type(value) for value in column if value is not None}
    if Nested not in kinds and (len(kinds) < 2 or kinds <= {int, float, Decimal}):
        return column
    return tuple(None if value is None else str(value) for value in column)


def export_tables(
    settings: Settings, queries: Mapping[str, str], address: str, *, wait: float, progress: Progress
) -> dict[str, str]:
    """Write each table to `<table>.parquet` in a folder, replacing what stood there, all or none.

    queries: the SELECT of each table. Returns the file of each. Raises UsageError when the folder
    is not writable, WarehouseError or BusyError.
    """
    target = Path(address)
    files = {}
    with (
        open_reader(settings, wait=wait, progress=progress) as reader,
        replacing(target, [*queries]) as made,
    ):
        queries = of_version(queries, reader.schema_version)
        for done, (table, sql) in enumerate(queries.items()):
            progress(f"exporting {table}", done, len(queries), "tables")
            reader.export(sql, made / f"{table}.parquet")
            files[table] = str(target / f"{table}.parquet")
    return files


def copy_database(
    settings: Settings, copy: Path, *, names: bool, wait: float, progress: Progress
) -> Settings:
    """Copy the database to a file of its own; return settings that name the copy.

    names: whether it may hold the names of listeners. Raises WarehouseError, or BusyError when a
    load takes longer than `wait` seconds.
    """
    copied = replace(settings, database=copy)
    log = settings.database.with_name(f"{settings.database.name}.wal")
    with (
        open_reader(settings, wait=wait, progress=progress) as reader,
        failures(f"copying to {copy.parent}"),
    ):
        progress("copying the database", 0, None, "")
        if log.exists():
            shutil.copyfile(log, copy.with_name(f"{copy.name}.wal"))
        shutil.copyfile(settings.database, copy)  # last: closing the file gives up the lock on it
    changes = () if names else tuple(folder("duckdb/nameless").values())
    if reader.schema_version == SCHEMA_VERSION:  # an older program may not have made all views
        changes += create_view_queries
    with closing(connect(copied, read_only=False, wait=0, progress=progress)) as connection:
        for query in changes:
            with failures(query.name):
                connection.execute(query.sql)
    return copied


def read_ledger(settings: Settings, *, wait: float, progress: Progress) -> Ledger:
    """Return what is loaded: nothing, where there is no database or it has no tables."""
    if not settings.database.exists():
        return Ledger()
    with closing(connect(settings, read_only=True, wait=wait, progress=progress)) as connection:
        reader = DuckDBReader(connection)
        version = stored_version(reader, settings.database)
        if version == SCHEMA_VERSION:
            return reader.known_files()
        return Ledger(migrates_from=version)  # a migration forgets the ledger


def stored_version(reader: DuckDBReader, database: Path) -> int:
    """Return the version of the tables; 0 where there are none.

    Raises WarehouseError when they are another program's (see `holds_warehouse`), or newer.
    """
    found = reader.read(folder("duckdb")["names_taken"].sql)
    if not holds_warehouse(found.rows, str(database), ELSEWHERE):
        return 0
    versions = reader.read(folder("bookkeeping")["schema_version"].sql).rows
    version: int = versions[0][0] if versions else SCHEMA_VERSION
    if not isinstance(version, int):
        raise not_ours(["warehouse_info"], str(database), ELSEWHERE)
    return known_version(version, str(database))


def _or_text(convert: Callable[[str], Any], text: str) -> Any:
    if text.startswith("24:"):  # some versions of Python take it for 0:00
        return text
    try:
        return convert(text)
    except ValueError:
        return text


# The client itself returns another moment for infinity, 30 days for a month, microseconds for
# nanoseconds, and wants pytz for a time zone. So a column of any type but _AS_GIVEN is read as
# text (for `query` the session's time zone is UTC), and becomes a value of Python where there is
# one: not for infinity, a year before 1 or after 9999, or 24:00, which stay text. Nanoseconds,
# INTERVAL, GEOMETRY, TYPE and types to come are text as DuckDB writes it.
_AS_GIVEN = {
    *("boolean", "tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal"),
    *("varchar", "enum", "blob", "uuid", "bit", "bignum", "null"),
}
_NESTED = {"list", "array", "struct", "tuple", "map", "union", "variant"}
_CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "date": partial(_or_text, date.fromisoformat),
    **dict.fromkeys(("time", "time with time zone"), partial(_or_text, time.fromisoformat)),
    **dict.fromkeys(
        ("timestamp", "timestamp_s", "timestamp_ms", "timestamp with time zone"),
        partial(_or_text, datetime.fromisoformat),
    ),
    **dict.fromkeys(_NESTED, Nested),
}


def _fetched(relation: duckdb.DuckDBPyRelation) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows, no value changed or refused. Raises duckdb.Error."""
    kinds = [str(type_.id) for type_ in relation.types]
    if _AS_GIVEN.issuperset(kinds):
        return relation.fetchall()
    rows = relation.select(*map(_asked, range(1, len(kinds) + 1), kinds)).fetchall()
    columns = zip(*rows, strict=True)
    return list(zip(*map(_converted, columns, map(_CONVERTERS.get, kinds)), strict=True))


def _asked(place: int, kind: str) -> duckdb.Expression:
    """Return how to ask for a column, by its place because names may repeat."""
    column = duckdb.SQLExpression(f"#{place}")
    if kind in _AS_GIVEN:
        return column
    if kind in _NESTED:
        return duckdb.FunctionExpression("to_json", column)
    return column.cast("VARCHAR")


def _converted(column: tuple[Any, ...], convert: Callable[[str], Any] | None) -> tuple[Any, ...]:
    if convert is None:
        return column
    return tuple(None if value is None else convert(value) for value in column)
