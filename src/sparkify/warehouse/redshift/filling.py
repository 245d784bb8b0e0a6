"""Statements with their values: `:name` in a file of `sql_queries/redshift` becomes a literal.

The Data API takes parameters for values, but not for what COPY needs (addresses, roles), so every
value goes in by one strict quoting function.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...boto3_sql_util import quote_literal
from ...sql_queries import Query

_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|:(?P<name>[a-z_]+)")


def fill(
    query: Query,
    values: Mapping[str, str | int] | None = None,
    parts: Mapping[str, str] | None = None,
) -> str:
    """Return a statement with all of its placeholders filled.

    values: become literals: a text is quoted, a number stands as it is.
    parts: pieces of SQL from this package, put in as they are.
    Raises KeyError for a placeholder without a value, ValueError for a text that no literal holds.
    """
    values, parts = values or {}, parts or {}

    def filled(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name in parts:
            return parts[name]
        value = values[name]
        return str(value) if isinstance(value, int) else quote_literal(value)

    return _PLACEHOLDER.sub(filled, query.sql).rstrip()


def literals(texts: list[str]) -> str:
    """Write texts as a list of literals, for IN (...)."""
    return ", ".join(quote_literal(text) for text in texts)


def on_one_line(sql: str) -> str:
    """Write a statement of this package, which has no comments, so that a literal can hold it."""
    return " ".join(sql.split())
