"""A statement that a user wrote, let through when all it can do is read.

That the file is open read-only and the engine is denied files and network is not enough: a COPY may
still write beside the database, over the log from which the engine restores it.
"""

from __future__ import annotations

import re

import duckdb
from duckdb import StatementType

from ...errors import UsageError
from ...table import Table
from .reading import DuckDBReader, failures
from .values import fetched

_EXPLAIN = re.compile(r"\s*EXPLAIN\b\s*(?:ANALYZE\b|\([^()]*\))?", re.IGNORECASE)
_READING = re.compile(r"[\s(]*(?:SELECT|FROM|WITH|PIVOT|UNPIVOT)\b", re.IGNORECASE)
_NEXT = "`sparkify query` takes one SELECT; it reads the warehouse and can do nothing else."
_REFUSED = (
    *(duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError),
    *(duckdb.IntegrityError, duckdb.PermissionException),
    UnicodeDecodeError,  # the client on a message that cuts a character
)
"""What is wrong with a statement, not with the warehouse or the machine."""


class QueryReader(DuckDBReader):
    """A reader for statements that a user wrote: they can change nothing, here or elsewhere."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")

    def read(self, sql: str) -> Table:
        """Run exactly one statement. Raises UsageError when it is none, wrong, or would write."""
        self._require_reading(sql)
        with failures("the query"):
            try:
                relation = self._connection.sql(sql)
                return Table(tuple(relation.columns), fetched(relation))
            except _REFUSED as error:
                raise UsageError(_told(error), _advice(error)) from None

    def _require_reading(self, sql: str) -> None:
        """Raise UsageError unless a text is one SELECT, or the EXPLAIN of one."""
        try:
            statements = self._connection.extract_statements(sql)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise UsageError(f"not SQL that DuckDB reads: {_told(error)}") from None
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
            raise UsageError("this is no SELECT", _NEXT) from None
        if kind == StatementType.EXPLAIN:
            explained = _EXPLAIN.match(sql)
            if explained is None:
                raise UsageError("the first word must be EXPLAIN", _NEXT)
            self._require_reading(sql[explained.end() :])
        elif kind == StatementType.MULTI:  # a PIVOT, or anything with a PIVOT in it
            if not _READING.match(sql):
                raise UsageError("one with a PIVOT in it must begin with SELECT or PIVOT", _NEXT)
        elif kind != StatementType.SELECT:
            raise UsageError(f"{kind.name} is no SELECT", _NEXT)


def _told(error: Exception) -> str:
    """Give the engine's words and what it thinks was meant, without the place in the text."""
    words = str(error)
    if isinstance(error, UnicodeDecodeError):
        words = error.object.decode("utf-8", "replace")
    return " ".join(words.split("\n\n")[0].split())


def _advice(error: Exception) -> str:
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return "`sparkify status` lists the tables, `sparkify sql TABLE` the columns of one."
    if isinstance(error, duckdb.InvalidInputException | duckdb.PermissionException):
        return "`sparkify query` reads the warehouse and can do nothing else."
    return ""
