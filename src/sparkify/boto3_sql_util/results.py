"""The rows of a statement, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import WarehouseError
from ..table import Table
from .connection import Connection, OutOfTimeError
from .failures import code_of, said_by
from .statement import Statement
from .values import Column, Field
from .wording import tidy

if TYPE_CHECKING:
    from ..errors import SparkifyError

_SELECTS = re.compile(r"(?:\s|--[^\n]*\n|\()*(?:select|with|show)\b", re.IGNORECASE)
PAGE_SECONDS = 300.0
"""How long to try for one page."""


class _NoResultError(WarehouseError):
    """There is no such result: it is no longer kept, or there never was one."""


class Page(NamedTuple):
    """Some rows of a result; every page tells the columns."""

    columns: tuple[Column, ...]
    records: Sequence[Sequence[Field]]


def fetch(connection: Connection, statement: Statement, number: int = 0) -> Table:
    """Fetch all rows of a statement, as Python values (see `values`).

    number: which statement of a batch, from 0. One without a result has no columns and no rows.
    Raises WarehouseError when the result is no longer kept, or a page cannot be had.
    """
    names: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = []
    for page in pages(connection, statement, number):
        names = tuple(column.name for column in page.columns)
        convert = [column.value for column in page.columns]
        rows += (
            tuple(one(field) for one, field in zip(convert, record, strict=True))
            for record in page.records
        )
    return Table(names, rows)


def pages(connection: Connection, statement: Statement, number: int = 0) -> Iterator[Page]:
    """Fetch a result page by page; an empty one has one page without rows.

    Raises WarehouseError when the result is no longer kept, or a page cannot be had.
    """
    if statement.has_result[number] is False:
        return
    part = statement.part(number)
    columns: tuple[Column, ...] | None = None
    seen: set[str] = set()
    more: dict[str, Any] = {}
    while True:
        try:
            answer = _page(connection, part, more)
        except _NoResultError:
            if statement.has_result[number] or _SELECTS.match(statement.sqls[number]):
                raise
            return
        records = answer.get("Records") or ()
        if columns is None:
            columns = tuple(Column.of(one) for one in answer.get("ColumnMetadata") or ())
        if records and len(records[0]) != len(columns):
            raise WarehouseError(
                f"result {part} has rows of {len(records[0])} values and tells of {len(columns)}"
                " columns",
                "Run the command again.",
            )
        yield Page(columns, records)
        token = answer.get("NextToken")
        if not token:
            return
        if token in seen:
            raise WarehouseError(
                f"the pages of result {part} go round in a circle", "Run the command again."
            )
        seen.add(token)
        more = {"NextToken": token}


def _page(connection: Connection, part: str, more: dict[str, Any]) -> dict[str, Any]:
    """Fetch one page; a page that was lost on its way is fetched again."""
    until = connection.clock.now() + PAGE_SECONDS
    try:
        return connection.call_patiently(
            "get_statement_result", until, tell=_explain, Id=part, **more
        )
    except OutOfTimeError as out:
        said = tidy(said_by(out.last), connection.secrets, longest=300)
        raise WarehouseError(
            f"a page of result {part} cannot be fetched ({said})", "Run the command again."
        ) from None


def _explain(error: BaseException) -> SparkifyError | None:
    """Say what it means that a result is not there."""
    if code_of(error) == "ValidationException" and "result" in said_by(error).lower():
        return _NoResultError(f"there is no such result: {tidy(said_by(error))}")
    if code_of(error) != "ResourceNotFoundException":
        return None
    return _NoResultError(
        "the result is no longer there: the Data API keeps results for 24 hours",
        "Run the command again.",
    )
