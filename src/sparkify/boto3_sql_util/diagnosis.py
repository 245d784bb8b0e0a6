"""Why a statement failed, in words: which one, what the engine says, what could not be loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import SparkifyError, WarehouseError
from . import outcome
from .causes import likely_cause
from .connection import OutOfTimeError
from .errors import StatementError
from .failures import said_by
from .load_errors import LoadError, load_errors
from .request import Request
from .statement import Described, parts_of
from .wording import tidy

if TYPE_CHECKING:
    from .connection import Connection

_SECONDS = 60.0
_SHOWN_ERRORS = 3
_TARGET = re.compile(r"(?:\s|--[^\n]*\n)*copy\s+(?P<table>[\w.\"$]+)", re.IGNORECASE)
_LOAD_ERROR = re.compile(r"load_error|load into table", re.IGNORECASE)
_INTO = re.compile(r"load into table '?(?P<table>[\w.\"$]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Diagnosis:
    """Why a statement failed.

    statement_id, status, number, name, sql, message: as StatementError has them.
    load_errors: what a COPY could not load. cause, next_step: in words; either may be empty.
    reason: as StatementError has it. missing: why the load errors are not known, where they should
    be. `text` puts it all into words, `str()` adds the next step.
    """

    statement_id: str | None
    status: str
    number: int
    name: str
    sql: str
    message: str
    load_errors: tuple[LoadError, ...]
    cause: str
    next_step: str
    reason: str = ""
    missing: str = ""

    @property
    def text(self) -> str:
        """What failed, where and why, on one line, without the next step."""
        if not self.load_errors:
            likely = f"; likely, {self.cause}" if self.cause else ""
            return self.reason + likely + (f"; {self.missing}" if self.missing else "")
        table = _TARGET.match(self.sql) or _INTO.search(self.message)
        what = f"the COPY into {table['table']}" if table else self.name
        shown = [one.text for one in self.load_errors[:_SHOWN_ERRORS]]
        if more := len(self.load_errors) - len(shown):
            shown.append(f"and {more} more")
        return f"{what} failed: {'; '.join(shown)}"

    def __str__(self) -> str:
        """Write everything that helps: what failed, where and why, and the next step."""
        return f"{self.text}; next: {self.next_step}" if self.next_step else self.text

    def with_values(self, read: Callable[[LoadError], str | None]) -> Diagnosis:
        """Add the offending values, which the engine does not tell.

        read: finds the value of a load error in its file; None when it cannot. What it raises of
        SparkifyError counts as None.
        """
        found = []
        for error in self.load_errors:
            try:
                value = read(error)
            except SparkifyError:
                value = None
            found.append(error if value is None else replace(error, value=value))
        return replace(self, load_errors=tuple(found))

    def as_json(self) -> dict[str, Any]:
        """Show the diagnosis in JSON values."""
        return {
            "statement_id": self.statement_id,
            "status": self.status,
            "number": self.number,
            "name": self.name,
            "sql": self.sql,
            "message": self.message,
            "load_errors": [error.as_json() for error in self.load_errors],
            "cause": self.cause,
            "next_step": self.next_step,
        }


def debug(connection: Connection, failure: StatementError | str) -> Diagnosis:
    """Find out why a statement failed.

    failure: the error of `execute`, or the id of a statement.
    Raises WarehouseError for an id of a statement that has not failed, or that is unknown (they
    are kept for 24 hours). Load errors that cannot be read are no error: `missing` tells why.
    """
    error = failure_of(connection, failure) if isinstance(failure, str) else failure
    found: tuple[LoadError, ...] = ()
    missing = ""
    expected = _LOAD_ERROR.search(error.message) is not None
    if (expected or _TARGET.match(error.sql)) and error.status == "FAILED":
        try:
            query_id = error.query_id or _query_id(connection, error)
            if query_id:
                found = tuple(load_errors(connection, query_id, expected=expected))
        except SparkifyError as trouble:
            missing = f"what could not be loaded is not known: {trouble.reason}"
    cause = likely_cause(error.message)
    return Diagnosis(
        statement_id=error.statement_id,
        status=error.status,
        number=error.number,
        name=error.name,
        sql=error.sql,
        message=error.message,
        load_errors=found,
        cause=found[0].cause if found else cause.cause,
        next_step=_next_step(found[0]) if found else error.next_step,
        reason=error.reason,
        missing=missing,
    )


def failure_of(connection: Connection, statement_id: str) -> StatementError:
    """Look up how a statement failed; raises as `debug`."""
    described = _describe(connection, statement_id)
    status = described.get("Status")
    if status not in ("FAILED", "ABORTED"):
        raise WarehouseError(f"statement {statement_id} has not failed: it is {status}")
    parts = parts_of(described)
    sqls = tuple(str(part.get("QueryString") or "") for part in parts or [described])
    request = Request(sqls, ("",) * len(sqls), token="", batch=bool(parts))
    return outcome.failure(described, request, connection.secrets)


def _query_id(connection: Connection, error: StatementError) -> int | None:
    """Ask for the engine's number of the query, where the failure did not tell it."""
    if error.statement_id is None:
        return None
    return failure_of(connection, error.statement_id).query_id


def _describe(connection: Connection, statement_id: str) -> Described:
    until = connection.clock.now() + _SECONDS
    try:
        return connection.call_patiently(
            "describe_statement", until, tell=outcome.unknown, Id=statement_id
        )
    except OutOfTimeError as out:
        said = tidy(said_by(out.last), connection.secrets, longest=300)
        raise WarehouseError(f"statement {statement_id} cannot be looked up ({said})") from None


def _next_step(error: LoadError) -> str:
    if error.code in (1212, 8001):
        return "Run the command again: it lists the source anew."
    where = f"line {error.line} of {error.file}" if error.file else "the file"
    return (
        f"Correct {where}, or set COPY_MODE = compact, which rejects such records and loads the"
        " rest; then run the command again."
    )
