"""Why a statement failed: which one, what the engine says, and what a COPY could not load."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ..errors import SparkifyError, WarehouseError
from ..sql_queries import folder
from .connection import Connection
from .errors import GaveUpError, StatementError, likely_cause, one_line, truncated
from .execution import (
    Request,
    execute,
    failure,
    quote_literal,
    substatements,
    unknown_statement,
)
from .results import fetch

_SECONDS = 60.0
_LAG_SECONDS = (0.5, 1.0, 2.0)
"""Pauses before an empty answer is asked for again: the view lags behind the failure."""
_SHOWN_ERRORS = 3
_LONGEST_VALUE = 200
_TARGET = re.compile(r"(?:\s|--[^\n]*\n)*copy\s+(?P<table>[\w.\"$]+)", re.IGNORECASE)
_LOAD_ERROR = re.compile(r"load_error|load into table", re.IGNORECASE)
_INTO = re.compile(r"load into table '?(?P<table>[\w.\"$]+)", re.IGNORECASE)

# dg/r_Load_Error_Reference
CODES = {
    1200: "the line cannot be parsed",
    1201: "no field delimiter in the file",
    1202: "more fields than columns",
    1203: "fewer fields than columns",
    1204: "the value is out of the range, or longer than the length, of the column",
    1205: "not a date in the expected format",
    1206: "not a timestamp in the expected format",
    1207: "not a whole number: a character is not a digit",
    1208: "not a floating-point number",
    1209: "not a decimal number",
    1210: "not a boolean",
    1211: "the line is empty",
    1212: "the file is not there",
    1213: "no value for a column that must have one (NOT NULL)",
    1214: "a delimiter is missing",
    1215: "not a text that CHAR takes: single-byte characters only",
    1216: "the line is not valid",
    1217: "not a value for an identity column",
    1218: "a NUL character in a longer text",
    1219: "a wrong digit in a hexadecimal UTF-8 code",
    1220: "not valid UTF-8",
    1221: "the file has another encoding than the statement says",
    1222: "the whole number is too large or too small for the column",
    1223: "a type that cannot be loaded",
    1224: "not valid JSON for a SUPER column",
    8001: "the manifest names something that is not the full address of an S3 object",
    9005: "a wrong end key",
}
_LIST_AGAIN = (1212, 8001)  # the file is gone: the source has changed


@dataclass(frozen=True)
class LoadError:
    """One value that could not be loaded.

    file: s3:// address. line: of the file, from 1; a record's last line where it has several.
    column, type, length: of the table. position: in the field. code: of the load error reference.
    cause: the code in words. message: what the engine says. value: the offending value, where it
    was read from the file (see `Diagnosis.with_values`); the view does not hold it.
    """

    file: str
    line: int
    column: str
    type: str
    code: int
    cause: str
    message: str = ""
    length: str = ""
    position: int | None = None
    value: str | None = None

    @property
    def text(self) -> str:
        """The error as part of a sentence: where, and why."""
        where = [self.file, f"line {self.line}"] if self.file else []
        if self.column:
            length = f"({self.length})" if self.length.isdecimal() and self.length != "0" else ""
            where.append(f"column {self.column}" + (f" ({self.type}{length})" if self.type else ""))
        why = self.message or self.cause
        if self.cause and self.cause != why:
            why += f" ({self.cause})"
        if self.value is not None:
            why += f"; the value is {truncated(self.value, _LONGEST_VALUE)!r}"
        return f"{', '.join(where)}: {why}" if where else why

    @property
    def next_step(self) -> str:
        """What to do about it."""
        if self.code in _LIST_AGAIN:
            return "Run the command again: it lists the source again."
        where = f"line {self.line} of {self.file}" if self.file else "the file"
        return (
            f"Correct {where}, or set COPY_MODE = compact, which rejects such records and loads the"
            " rest; then run the command again."
        )


@dataclass(frozen=True)
class Diagnosis:
    """Why a statement failed. `text` puts it into words, `str()` adds the next step.

    load_errors: what a COPY could not load. missing: why they are not known, where there should be
    some.
    """

    error: StatementError
    load_errors: tuple[LoadError, ...] = ()
    missing: str = ""

    @property
    def cause(self) -> str:
        """The likely cause in words; may be empty."""
        first = self.load_errors[0].cause if self.load_errors else ""
        return first or likely_cause(self.error.message)[0]

    @property
    def next_step(self) -> str:
        """What to do about it; may be empty."""
        return self.load_errors[0].next_step if self.load_errors else self.error.next_step

    @property
    def text(self) -> str:
        """What failed, where and why, on one line, without the next step."""
        error = self.error
        if not self.load_errors:
            likely = f"; likely, {self.cause}" if self.cause else ""
            return error.reason + likely + self.missing
        table = _TARGET.match(error.sql) or _INTO.search(error.message)
        what = f"the COPY into {table['table']}" if table else error.name
        shown = [one.text for one in self.load_errors[:_SHOWN_ERRORS]]
        if more := len(self.load_errors) - len(shown):
            shown.append(f"and {more} more")
        return f"{what} failed: {'; '.join(shown)}"

    def __str__(self) -> str:
        """Return what failed, where and why, and the next step."""
        return f"{self.text}; next: {self.next_step}" if self.next_step else self.text

    def with_values(self, read: Callable[[LoadError], str | None]) -> Diagnosis:
        """Return the diagnosis with the offending values, which the engine does not tell.

        read: finds the value of a load error in its file; None, or a SparkifyError, if it cannot.
        """
        found = []
        for error in self.load_errors:
            value = None
            with suppress(SparkifyError):
                value = read(error)
            found.append(replace(error, value=value))
        return replace(self, load_errors=tuple(found))


def debug(connection: Connection, failed: StatementError | str) -> Diagnosis:
    """Return why a statement failed.

    failed: the error of `execute`, or the id of a statement.
    Raises WarehouseError for the id of a statement that has not failed, or that is unknown (they
    are kept for 24 hours). Load errors that cannot be read are not an error: `missing` tells why.
    """
    error = _failure_of(connection, failed) if isinstance(failed, str) else failed
    expected = _LOAD_ERROR.search(error.message) is not None
    if error.status != "FAILED" or not (expected or _TARGET.match(error.sql)):
        return Diagnosis(error)
    try:
        query_id = error.query_id
        if query_id is None and error.statement_id is not None:
            query_id = _failure_of(connection, error.statement_id).query_id
        found = _load_errors(connection, query_id, expected=expected) if query_id else ()
    except SparkifyError as trouble:
        missing = f"; what could not be loaded is not known: {trouble.reason}"
        return Diagnosis(error, missing=missing)
    return Diagnosis(error, found)


def _failure_of(connection: Connection, statement_id: str) -> StatementError:
    """Look up how a statement failed; raises as `debug`."""
    try:
        described = connection.call_with_retries(
            "describe_statement", _SECONDS, explain=unknown_statement, Id=statement_id
        )
    except GaveUpError as gave_up:
        raise WarehouseError(
            f"statement {statement_id} cannot be looked up ({gave_up.said})"
        ) from None
    status = described["Status"]
    if status not in ("FAILED", "ABORTED"):
        raise WarehouseError(f"statement {statement_id} has not failed: it is {status}")
    parts = substatements(described)
    sqls = tuple(str(part.get("QueryString") or "") for part in parts or [described])
    request = Request(sqls, ("",) * len(sqls), token="", batch=bool(parts))
    return failure(described, request, connection.secrets)


def _load_errors(connection: Connection, query_id: int, *, expected: bool) -> tuple[LoadError, ...]:
    """Return the load errors of one query, up to 20.

    query_id: of sys_query_history, which is DescribeStatement's RedshiftQueryId. The rows are kept
    although the COPY was rolled back (dg/SYS_LOAD_ERROR_DETAIL).
    expected: whether there should be some: then an empty answer is asked for again, briefly.
    """
    sql = folder("redshift")["load_errors"].sql.replace(":query_id", quote_literal(str(query_id)))
    for pause in (None, *_LAG_SECONDS) if expected else (None,):
        if pause:
            connection.clock.sleep(pause)
        if rows := fetch(connection, execute(connection, sql, deadline=_SECONDS)).rows:
            break
    return tuple(_load_error(row, connection.secrets) for row in rows)


def _load_error(row: tuple[Any, ...], secrets: tuple[str, ...]) -> LoadError:
    texts = [str(value or "").strip() for value in row]
    code, message = int(row[6] or 0), one_line(texts[7], secrets)
    return LoadError(
        file=texts[0],
        line=int(row[1] or 0),
        column=texts[2],
        type=texts[3],
        code=code,
        cause=CODES.get(code, message or f"load error {code}"),
        message=message,
        length=texts[4],
        position=None if row[5] is None else int(row[5]),
    )
