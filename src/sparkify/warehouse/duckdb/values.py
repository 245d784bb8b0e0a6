"""The values of a result whose types nobody knows beforehand: nothing of any is lost or refused.

| DuckDB | Python |
| --- | --- |
| numbers, BOOLEAN, VARCHAR, JSON, ENUM, BLOB, UUID, BIT, BIGNUM | what the client gives |
| DATE, TIME, TIMESTAMP, with a zone or without | datetime's; a moment with a zone is in UTC |
| LIST, ARRAY, STRUCT, TUPLE, MAP, UNION, VARIANT | Nested |
| nanoseconds, INTERVAL, GEOMETRY, TYPE, and what is unknown | str, as DuckDB writes it |

NULL is None. A moment that Python has no value for (infinity, a year before 1 or after 9999, 24:00)
stays the text that it is. The client by itself gives another moment for infinity, 30 days for a
month, microseconds for nanoseconds, and wants pytz for a zone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import duckdb

_AS_GIVEN = {
    *("boolean", "tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "float", "double", "decimal"),
    *("varchar", "enum", "blob", "uuid", "bit", "bignum", "null"),
}
_NESTED = {"list", "array", "struct", "tuple", "map", "union", "variant"}


@dataclass(frozen=True)
class Nested:
    """A value with others in it, as JSON. text: with every digit of its numbers."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def as_json(self) -> Any:
        """Return the lists and mappings that the text stands for."""
        return json.loads(self.text)


def fetched(relation: duckdb.DuckDBPyRelation) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows. Raises duckdb.Error."""
    kinds = [str(type_.id) for type_ in relation.types]
    if _AS_GIVEN.issuperset(kinds):
        return relation.fetchall()
    rows = relation.select(*map(_asked, range(1, len(kinds) + 1), kinds)).fetchall()
    converters = [_CONVERTERS.get(kind, Nested if kind in _NESTED else None) for kind in kinds]
    columns = zip(*rows, strict=True)
    return list(zip(*map(_converted, columns, converters), strict=True))


def _asked(place: int, kind: str) -> duckdb.Expression:
    """Ask for one column, known by its place because names may repeat."""
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


def _or_text(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def converted(text: str) -> Any:
        if text.startswith("24:"):  # some versions of Python take it for 0:00
            return text
        try:
            return convert(text)
        except ValueError:
            return text

    return converted


_CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "date": _or_text(date.fromisoformat),
    "time": _or_text(time.fromisoformat),
    "time with time zone": _or_text(time.fromisoformat),
    "timestamp": _or_text(datetime.fromisoformat),
    "timestamp_s": _or_text(datetime.fromisoformat),
    "timestamp_ms": _or_text(datetime.fromisoformat),
    "timestamp with time zone": _or_text(datetime.fromisoformat),
}
