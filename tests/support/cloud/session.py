"""One session of a warehouse: runs SQL texts of Redshift on a connection to PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg

from . import ddl, dialect
from .context import Connection, Context
from .copying import copy
from .errors import RedshiftError
from .results import Result, result_of
from .tokens import Token, solid, tokens
from .unloading import unload

_SYSTEM = re.compile(r"\bsys_(load_error_detail|load_history|query_history)\b", re.IGNORECASE)


@dataclass
class Outcome:
    """rows: returned, loaded or affected. result: None where the statement has none."""

    rows: int
    result: Result | None = None


def reads_system_views(text: str) -> bool:
    """Whether a statement reads what lags behind."""
    return _SYSTEM.search(text) is not None


def run(connection: Connection, context: Context, text: str) -> Outcome:
    """Run one statement in the transaction of a connection.

    Raises RedshiftError and AbortedError; the caller rolls back.
    """
    found = tokens(text)
    kept = solid(found)
    try:
        context.check()
        dialect.check(kept)
        return _run(connection, context, found, kept)
    except psycopg.Error as error:
        context.check()
        raise dialect.raised(error) from error


def _run(
    connection: Connection, context: Context, found: list[Token], kept: list[Token]
) -> Outcome:
    words = [token.word for token in kept[:4]]
    head = words[0]
    if head == "COPY":
        return Outcome(copy(connection, context, kept))
    if head == "UNLOAD":
        return Outcome(unload(connection, context, kept))
    if head == "CREATE" and "TABLE" in words:
        return Outcome(ddl.create_table(connection, kept))
    if words[:2] == ["ALTER", "TABLE"]:
        ddl.alter_table(connection, kept, in_batch=context.in_batch)
        return Outcome(0)
    if head in dialect.TRANSACTION:
        raise RedshiftError(
            "ERROR: the stand-in runs each call as one transaction: no transaction commands"
        )
    if head == "VACUUM":
        if context.in_batch:
            raise RedshiftError("ERROR: VACUUM cannot run inside a transaction block")
        return Outcome(0)
    cursor = connection.cursor()
    cursor.execute(dialect.translate(found).encode())
    if head == "TRUNCATE":
        connection.commit()
    answer = cursor.pgresult
    if cursor.description is not None and answer is not None:
        result = result_of(connection, answer)
        return Outcome(len(result.records), result)
    return Outcome(max(cursor.rowcount, 0))
