"""A peer's five tables beside ours, row by row, whatever it kept them in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

KEYS: Mapping[str, tuple[str, ...]] = {
    "songplays": ("start_time", "user_id", "session_id"),
    "users": ("user_id", "level"),
    "songs": ("song_id",),
    "artists": ("artist_id",),
    "time": ("start_time",),
}
"""The star's tables, and the columns by which rows are told apart where a column differs."""

SURROGATE = "songplay_id"
"""Left out where a peer numbers its plays in another way than the numbers of its event."""

APART: Mapping[str, tuple[str, str]] = {
    "blanks at the end of texts": ("VARCHAR", "rtrim({}, ' ')"),
    "the last digits of numbers": ("DOUBLE", "round({}, 9)"),
}
"""Common causes of a difference: the kind of column, and how it looks without that cause."""

WAREHOUSE, SQLITE = "warehouse.duckdb", "sparkify.sqlite"


def compare(ours: Path, theirs: Path, *, own_numbers: bool = False) -> dict[str, dict[str, Any]]:
    """Compare the tables of two outputs; every row, as often as it is there.

    ours: our database. theirs: the folder of a peer: a DuckDB or SQLite database, or Parquet.
    own_numbers: the peer's songplay_id is its own.
    Returns, for each table, rows and their_rows, missing and extra (rows that they lack, and that
    only they have), columns (for each column in which rows of the same key differ, how many), and
    apart_from (for each of the common causes, how many rows would be missing without it).
    Raises duckdb.Error when a table or column of theirs is not there.
    """
    with _connected(ours, theirs) as connection:
        return {
            table: _compared(connection, table, SURROGATE if own_numbers else "") for table in KEYS
        }


def same(difference: Mapping[str, Any]) -> bool:
    """Whether two tables hold the same rows."""
    return not difference["missing"] and not difference["extra"]


def _compared(connection: duckdb.DuckDBPyConnection, table: str, left_out: str) -> dict[str, Any]:
    described = connection.execute(f"DESCRIBE ours.{table}").fetchall()
    kinds = {name: kind for name, kind, *_ in described if name != left_out}
    columns = tuple(kinds)

    def projected(side: str, names: tuple[str, ...], apart: tuple[str, str]) -> str:
        kind, look = apart
        casts = {one: f"TRY_CAST({one} AS {kinds[one]})" for one in names}
        looks = [look.format(text) if kinds[one] == kind else text for one, text in casts.items()]
        return f"SELECT {', '.join(looks)} FROM {side}.{table}"

    def lacking(
        names: tuple[str, ...], one: str, other: str, apart: tuple[str, str] = ("", "")
    ) -> int:
        both = f"{projected(one, names, apart)} EXCEPT ALL {projected(other, names, apart)}"
        return _number(connection, f"SELECT count(*) FROM ({both})")

    found: dict[str, Any] = {
        "rows": _number(connection, f"SELECT count(*) FROM ours.{table}"),
        "their_rows": _number(connection, f"SELECT count(*) FROM theirs.{table}"),
        "missing": lacking(columns, "ours", "theirs"),
        "extra": lacking(columns, "theirs", "ours"),
        "columns": {},
        "apart_from": {},
    }
    if not same(found):
        for column in columns:
            names = tuple(dict.fromkeys((*KEYS[table], column)))
            if count := lacking(names, "ours", "theirs"):
                found["columns"][column] = count
        for cause, apart in APART.items():
            found["apart_from"][cause] = lacking(columns, "ours", "theirs", apart)
    return found


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def _connected(ours: Path, theirs: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect with the schemas `ours` and `theirs`, which have the tables of the star."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{ours}' AS our_file (READ_ONLY)")
        connection.execute("CREATE SCHEMA ours; CREATE SCHEMA theirs")
        for table in KEYS:
            connection.execute(f"CREATE VIEW ours.{table} AS FROM our_file.main.{table}")
        if (theirs / WAREHOUSE).exists():
            _attach(connection, theirs / WAREHOUSE)
        elif (theirs / SQLITE).exists():
            _copy(connection, theirs / SQLITE)
        else:
            for table in KEYS:
                file = theirs / f"{table}.parquet"
                if file.is_dir():  # as Spark writes it
                    file /= "*.parquet"
                connection.execute(f"CREATE VIEW theirs.{table} AS FROM read_parquet('{file}')")
        yield connection


def _attach(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Attach a DuckDB database; its tables may be in any schema of it."""
    connection.execute(f"ATTACH '{database}' AS their_file (READ_ONLY)")
    where = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'their_file'"
    schemas = {table: schema for schema, table in connection.execute(where).fetchall()}
    for table in KEYS:
        source = f"their_file.{schemas.get(table, 'main')}.{table}"
        connection.execute(f"CREATE VIEW theirs.{table} AS FROM {source}")


def _copy(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Copy the tables of an SQLite database through Python."""
    source = sqlite3.connect(database)
    try:
        for table in KEYS:
            rows = source.execute(f"SELECT * FROM {table}")
            names = [name for name, *_ in rows.description]
            columns = ", ".join(f"{name} VARCHAR" for name in names)
            connection.execute(f"CREATE TABLE theirs.{table} ({columns})")
            places = ", ".join("?" for _ in names)
            if values := [tuple(_text(one) for one in row) for row in rows]:
                connection.executemany(f"INSERT INTO theirs.{table} VALUES ({places})", values)
    finally:
        source.close()


def _text(value: Any) -> str | None:
    """Write a value so that no digit of a number is lost."""
    return None if value is None else repr(value) if isinstance(value, float) else str(value)
