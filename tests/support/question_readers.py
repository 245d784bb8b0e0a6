"""Warehouses for the tests of the questions, on DuckDB and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from naive_tables import Row, Tables
from postgres import postgres_database
from sparkify.sql_queries import create_view_queries, folder
from sparkify.table import Table


class Asked:
    """A reader over a connection of DuckDB or PostgreSQL, whose rows can be replaced."""

    def __init__(self, connection: Any, engine: str) -> None:
        self.connection = connection
        self.engine = engine
        for query in (*folder("tables").values(), *create_view_queries):
            connection.execute(query.sql)

    def read(self, sql: str) -> Table:
        cursor = self.connection.execute(sql)
        return Table(tuple(column[0] for column in cursor.description), cursor.fetchall())

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        return [self.read(sql) for sql in statements]

    def fill(self, tables: Tables, scratch: Path) -> None:
        """Replace all rows of the tables. scratch: a folder for files."""
        put = self._put_duckdb if self.engine == "duckdb" else self._put_postgres
        for table, rows in tables.items():
            self.connection.execute(f"DELETE FROM {table}")
            if rows:
                put(table, rows, scratch)

    def _put_duckdb(self, table: str, rows: list[Row], scratch: Path) -> None:
        file = scratch / f"{table}.json"  # DuckDB is slow at long statements
        file.write_text("\n".join(json.dumps(row, default=str) for row in rows))
        described = self.connection.execute(f"DESCRIBE {table}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        columns = ", ".join(f"{column}: '{types[column]}'" for column in rows[0])
        self.connection.execute(
            f"INSERT INTO {table} BY NAME FROM read_json('{file}', columns = {{{columns}}})"
        )

    def _put_postgres(self, table: str, rows: list[Row], scratch: Path) -> None:
        self.connection.execute(
            f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s)",
            [json.dumps(rows, default=str)],
        )


@contextmanager
def on_duckdb() -> Iterator[Asked]:
    """A DuckDB warehouse in memory, its tables empty."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        yield Asked(connection, "duckdb")


@contextmanager
def on_postgres() -> Iterator[Asked]:
    """A PostgreSQL warehouse, its tables empty."""
    with postgres_database() as connection:
        yield Asked(connection, "postgres")
