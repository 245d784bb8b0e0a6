"""DuckDB and PostgreSQL behind the same few functions; PostgreSQL keeps to what is portable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import duckdb
import psycopg

from oracle import Row
from postgres import Connection, postgres_database

ROLE = "portable"

NOT_PORTABLE = """
SELECT CAST(CAST(oid AS REGPROCEDURE) AS TEXT)
FROM pg_proc
WHERE
    proname ~ '^(int[248]{1,2}div|numeric_div)$'
    OR proname ~ '^(avg|stddev|stddev_pop|stddev_samp|variance|var_pop|var_samp)$'
    OR (proname = 'sum' AND proargtypes[0] IN ('float4'::REGTYPE, 'float8'::REGTYPE))
    OR proname ~ '^text(icregex|regex|icn?like)(eq|ne)?$'
    OR proname ~ '^(regexp_.*|similar_.*|string_agg|array_agg|generate_series|unnest)$'
    OR proname ~ '^(now|age|random|timeofday|(clock|statement|transaction)_timestamp)$'
    OR proname ~ '^(to_(char|date|timestamp|number)|date_part|make_[a-z]+|format)$'
"""
"""Functions behind what would mean something else on another engine, or nothing at all: division
of whole numbers, sums of doubles and means (which depend on the order of rows, or cut off), and
what the list of denied words in `sql_files` names. The role that runs the statements has none."""


class Engine(Protocol):
    """An engine that runs SQL."""

    name: str

    def run(self, sql: str) -> list[Row]:
        """Run one statement and give its rows, if it has any."""
        ...

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Put rows into a table."""
        ...


@dataclass
class DuckDB:
    """An empty DuckDB in memory."""

    connection: duckdb.DuckDBPyConnection
    name: str = "duckdb"

    def run(self, sql: str) -> list[Row]:
        return self.connection.execute(sql).fetchall()

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        if found := list(rows):
            values = ", ".join([f"({', '.join('?' * len(columns))})"] * len(found))
            into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}"
            self.connection.execute(into, [value for row in found for value in row])


@dataclass
class Postgres:
    """An empty PostgreSQL database."""

    connection: Connection
    name: str = "postgres"

    def run(self, sql: str) -> list[Row]:
        cursor = self.connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        marks = ", ".join(["%s"] * len(columns))
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        with self.connection.cursor() as cursor:
            cursor.executemany(into.encode(), rows)


@contextmanager
def two_engines() -> Iterator[tuple[DuckDB, Postgres]]:
    """Open both, empty; PostgreSQL as a role that may call nothing that is not portable."""
    with duckdb.connect(":memory:") as one, postgres_database() as other:
        _restrict(other)
        yield DuckDB(one), Postgres(other)


def _restrict(connection: Connection) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
        connection.execute(f"CREATE ROLE {ROLE}".encode())
    connection.execute(f"GRANT ALL ON SCHEMA public TO {ROLE}".encode())
    for (function,) in connection.execute(NOT_PORTABLE.encode()).fetchall():
        connection.execute(f"REVOKE EXECUTE ON ROUTINE {function} FROM PUBLIC".encode())
    connection.execute(f"SET ROLE {ROLE}".encode())


def refused_by_postgres(engine: Postgres, sql: str) -> str:
    """The function that a statement may not call; nothing when it may run."""
    try:
        with engine.connection.transaction():
            engine.run(sql)
    except psycopg.errors.InsufficientPrivilege as error:
        return str(error.diag.message_primary).rpartition(" ")[2]
    return ""
