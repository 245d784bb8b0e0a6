"""The portable statements on DuckDB and on PostgreSQL: a whole load, statement by statement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import duckdb
import psycopg

from oracle import COLUMNS, File, Row, record, records
from oracle_fields import BadError, Kind
from postgres import Connection, postgres_database
from sparkify.sql_queries import (
    TABLES,
    Query,
    audit_queries,
    create_table_queries,
    folder,
    insert_table_queries,
    publish_queries,
    rebuild_queries,
    refuse_queries,
    settle_queries,
)

KINDS: tuple[Kind, ...] = ("events", "songs")
BEGINNING = datetime(2018, 11, 3)
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
    OR proname ~ '^(to_(char|date|timestamp|number)|date_part|make_[a-z]+|format|split_part)$'
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


@dataclass
class Batch:
    """The files of one load, read. files: as in new_files. rejects: of records that are bad."""

    run_id: int
    files: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    songs: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)


FILE_COLUMNS = ("source_file", "kind", "uri", "size", "fingerprint", "records_read")
REJECT_COLUMNS = ("source_file", "line_number", "reason", "message", "raw_text")
RUN_COLUMNS = (
    *("run_id", "status", "started_at", "finished_at"),
    *("files_new", "files_changed", "files_skipped"),
)
LOAD_TABLES = {
    "new_files": (
        FILE_COLUMNS,
        "INTEGER, VARCHAR(16), VARCHAR(4096), BIGINT, VARCHAR(128), BIGINT",
    ),
    "new_rejects": (REJECT_COLUMNS, "INTEGER, BIGINT, VARCHAR(16), VARCHAR(1024), VARCHAR(16384)"),
    "new_run": (RUN_COLUMNS, "BIGINT, VARCHAR(16), TIMESTAMP, TIMESTAMP, BIGINT, BIGINT, BIGINT"),
}


def read(files: Sequence[File], run_id: int) -> Batch:
    """Read the files of a load as the second implementation does."""
    batch = Batch(run_id)
    for number, file in enumerate(files):
        try:
            found = [(line, *record(file.kind, text)) for line, text in records(file)]
        except BadError as bad:
            found = [(1, None, {str(bad)})]
        for line, row, wrong in found:
            if row is None:
                batch.rejects.append((number, line, min(wrong), "bad", "its text"))
            else:
                (batch.events if file.kind == "events" else batch.songs).append((*row, number))
        fingerprint = f"{len(file.content)}-{run_id}"
        batch.files.append(
            (number, file.kind, file.uri, len(file.content), fingerprint, len(found))
        )
    return batch


class Warehouse:
    """The warehouse on one engine, driven as the product drives DuckDB (`duckdb/loading.py`).

    ran: every portable statement that has run, by its text.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ran: set[str] = set()
        self._temporary: list[str] = []
        self.run_all(create_table_queries)
        self.ask("insert_warehouse_info")
        self.ask("insert_warehouse_info")

    def run_all(self, queries: Iterable[Query]) -> dict[str, Counter[Row]]:
        """Run statements; returns the rows of each."""
        return {query.name: Counter(self.run(query)) for query in queries}

    def run_in_order(self, queries: Iterable[Query]) -> dict[str, list[Row]]:
        """Run statements that say in which order their rows come."""
        return {query.name: self.run(query) for query in queries}

    def run(self, query: Query) -> list[Row]:
        """Run one statement as it stands."""
        made = re.match(r"CREATE TEMPORARY TABLE (\w+)", query.sql)
        self._temporary += [made[1]] if made else []
        self.ran.add(query.sql)
        return self.engine.run(query.sql)

    def ask(self, name: str) -> list[Row]:
        """Run a statement of the bookkeeping."""
        return self.run(folder("bookkeeping")[name])

    def load(self, batch: Batch, left_out: str = "") -> dict[str, Counter[Row]]:
        """Load, and return what the audits find. left_out: a statement of the transform to skip."""
        with self.transaction():
            return self.load_within(batch, left_out)

    def load_within(self, batch: Batch, left_out: str = "") -> dict[str, Counter[Row]]:
        """Load in a transaction that is open already."""
        self._fill_batch(batch)
        self.run_all(settle_queries)
        self.ask("displacing_records")
        self._enter(batch, "published", self._conflicts())
        self.ask("new_file_counts")
        self.run_all(query for query in insert_table_queries if query.name != left_out)
        audits = self.run_all(audit_queries)
        self.run_all(publish_queries)
        self._forget()
        return audits

    def refuse(self, batch: Batch) -> None:
        """Enter a load that was refused for its rejects."""
        with self.transaction():
            self._enter(batch, "refused", [])
            self.run_all(refuse_queries)
            self._forget()

    def rebuild(self) -> dict[str, Counter[Row]]:
        """Compute the star anew, and return what the audits find."""
        with self.transaction():
            for kind in KINDS:
                self._temporary += [f"displaced_{kind}"]
                self.engine.run(f"CREATE TEMPORARY VIEW new_{kind} AS SELECT * FROM staging_{kind}")
                self.engine.run(
                    f"CREATE TEMPORARY TABLE displaced_{kind} AS"
                    f" SELECT * FROM staging_{kind} WHERE 1 = 0"
                )
            self.run_all(rebuild_queries)
            audits = self.run_all(q for q in audit_queries if q.name != "new_files_add_up")
            self._forget()
            for kind in KINDS:
                self.engine.run(f"DROP VIEW new_{kind}")
        return audits

    def tables(self) -> dict[str, Counter[Row]]:
        """Every row of every table."""
        return {name: Counter(self.engine.run(f"SELECT * FROM {name}")) for name in TABLES}

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Iterator[None]:
        """All or nothing; with keep false, nothing."""
        self.engine.run("BEGIN")
        try:
            yield
        except BaseException:
            keep = False
            raise
        finally:
            self.engine.run("COMMIT" if keep else "ROLLBACK")

    def _fill_batch(self, batch: Batch) -> None:
        for kind, rows in (("events", batch.events), ("songs", batch.songs)):
            staging = folder("tables")[f"staging_{kind}"].sql
            opening = f"CREATE TABLE IF NOT EXISTS staging_{kind} ("
            assert opening in staging
            self._temporary += [f"new_{kind}"]
            self.engine.run(
                staging.replace(opening, f"CREATE TEMPORARY TABLE new_{kind} (source_file INTEGER,")
            )
            columns = [*COLUMNS["events" if kind == "events" else "songs"], "source_file"]
            self.engine.fill(f"new_{kind}", columns, rows)

    def _conflicts(self) -> list[Row]:
        """The rejects of records that yield, as the product finds them in their files."""
        places = self.engine.run("SELECT source_file FROM displacing_records")
        for kind in KINDS:
            places += self.engine.run(
                f"SELECT source_file FROM ranked_{kind} WHERE outcome = 'conflict'"
            )
        return [
            (source_file, 1_000_000 + n, "conflict", "it yields", "")
            for n, (source_file,) in enumerate(sorted(places))
        ]

    def _enter(self, batch: Batch, status: str, conflicts: list[Row]) -> None:
        moment = BEGINNING + timedelta(hours=batch.run_id)
        run = (batch.run_id, status, moment, moment, len(batch.files), 0, batch.run_id * 10)
        rows = {
            "new_files": batch.files,
            "new_rejects": batch.rejects + conflicts,
            "new_run": [run],
        }
        for name, (columns, types) in LOAD_TABLES.items():
            declared = ", ".join(map(" ".join, zip(columns, _split(types), strict=True)))
            self._temporary += [name]
            self.engine.run(f"CREATE TEMPORARY TABLE {name} ({declared})")
            self.engine.fill(name, columns, rows[name])

    def _forget(self) -> None:
        for name in self._temporary:
            self.engine.run(f"DROP TABLE {name}")
        self._temporary = []


def _split(types: str) -> list[str]:
    return types.split(", ")


def refused_by_postgres(engine: Postgres, sql: str) -> str:
    """The function that a statement may not call; nothing when it may run."""
    try:
        with engine.connection.transaction():
            engine.run(sql)
    except psycopg.errors.InsufficientPrivilege as error:
        return str(error.diag.message_primary).rpartition(" ")[2]
    return ""
