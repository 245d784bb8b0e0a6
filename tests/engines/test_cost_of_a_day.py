"""A load reads what is new, however much there is: by rows visited, and by row groups read.

On PostgreSQL a table has a BRIN index by its sort key and no other, which is what Redshift has: it
skips blocks by the smallest and greatest key in them, and looks nothing up.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest

from portable_warehouse import KINDS, Batch, Warehouse
from postgres import postgres_database
from sparkify.sql_queries import (
    Query,
    audit_queries,
    enter_queries,
    folder,
    insert_table_queries,
    needed,
    reject_queries,
    settle_queries,
    total_queries,
    within_days,
)
from sql_engines import DuckDB, Postgres

HISTORY = {"staging_events": "ts", "songplays": "start_time", "time": "start_time"}
"""What grows with time, and how `sql_queries/redshift/layout` sorts it."""
READS_HISTORY = {"match_late", "restore_newest_plays", "restore_users"}
"""Late songs are matched to plays of all times; the others run where a record of an event displaces
one that is staged, for another play of all times may have to describe its listener."""
UNBOUNDED = "an audit that looks at all days"
"""What has to show that the measure can fail."""
SPARE = {"postgres": 0, "duckdb": 1}
"""A day may begin in one row group and end in another."""
BEGINNING = datetime(2018, 1, 1)
DAYS = {"postgres": 6, "duckdb": 15}
"""Of the shorter history; on DuckDB a row group holds 13 days."""
EVERY = timedelta(seconds=570)
A_DAY = timedelta(days=1) // EVERY
LATE, DISPLACED = 300, 21
"""A song that comes after its three plays, and an event that another displaces."""
WRONG_CLOCK = -10 * 365 * A_DAY

EVENTS = f"""
SELECT
    'artist ' || played % 97, 'Logged In', 'Ada', 'F', ABS(number) % 100, '{{name}}',
    100.0 + played, CASE WHEN number % 3 = 0 THEN 'free' ELSE 'paid' END, 'Paris', 'PUT',
    CASE WHEN number % 5 = 0 THEN 'Home' ELSE 'NextSong' END, TIMESTAMP '{BEGINNING}',
    1000 - number % 100 + number, 'song ' || played, 200,
    TIMESTAMP '{BEGINNING}' + CAST(number AS INTEGER) * INTERVAL '{EVERY.seconds} seconds',
    'agent', ABS(number) % 40, 1514764800000 + number * {EVERY.seconds}000
FROM (
    SELECT
        CAST(number AS BIGINT) AS number,
        CASE WHEN number IN (7, 8, 9) THEN {LATE} ELSE ABS(number) % 300 END AS played
    FROM generate_series({{first}}, {{last}}) AS numbers(number)
) AS events
"""
SONGS = """
SELECT
    1, 'AR' || number % 97, 0.0, 0.0, 'Paris', 'artist ' || number % 97, 'SO' || number,
    'song ' || number, 100.0 + number, 1990
FROM generate_series({first}, {last}) AS numbers(number)
"""


class Measured(Warehouse):
    """A warehouse with a history of so many days, which counts what each statement reads."""

    def __init__(self, engine: DuckDB | Postgres, days: int) -> None:
        super().__init__(engine)
        self.read: dict[str, Counter[str]] = {}
        self.events = days * A_DAY
        self._insert("staging_songs", SONGS.format(first=0, last=LATE - 1))
        self._insert("staging_events", EVENTS.format(first=0, last=self.events - 1, name="B"))
        self.engine.run("ANALYZE")
        self.rebuild()

    def load_a_day(self) -> None:
        """Load the next day, 1/30 of the songs, one of them late, a record that displaces another,
        and one with a clock that is ten years off.
        """
        with self.transaction():
            self._fill_batch(Batch(7))
            songs = SONGS.format(first=LATE, last=LATE + LATE // 30 - 1)
            self._insert("new_songs", songs, ", 0")
            for first, events in ((self.events, A_DAY), (DISPLACED, 1), (WRONG_CLOCK, 1)):
                rows = EVENTS.format(first=first, last=first + events - 1, name="C")
                self._insert("new_events", rows, ", 0")
            days = {day for (day,) in self.engine.run("SELECT CAST(ts AS DATE) FROM new_events")}
            self._enter(Batch(7), "published", [])
            self.settled()
            for query in (
                *(*settle_queries, *reject_queries, *enter_queries, *total_queries),
                *needed(insert_table_queries, KINDS),
                *needed(audit_queries, KINDS),
            ):
                self.read[query.name] = self.measured(within_days(query, days))
                made = re.match(r"CREATE TEMPORARY TABLE (\w+)", query.sql)
                self._temporary += [made[1]] if made else []
            self.read[UNBOUNDED] = self.measured(folder("audits")["plays_counted"])

    def settled(self) -> None:
        """Let the engine know what is in the tables of the load."""

    def measured(self, query: Query) -> Counter[str]:
        """Run a statement; return how much it read of each table."""
        raise NotImplementedError

    def _insert(self, table: str, rows: str, source_file: str = "") -> None:
        staging = folder("tables")[table.replace("new_", "staging_")].sql
        columns = [line.split()[0] for line in staging.split("\n") if line.startswith("    ")]
        columns += ["source_file"] if source_file else []
        into = f"INSERT INTO {table} ({', '.join(columns)})"
        self.engine.run(f"{into} SELECT found.*{source_file} FROM ({rows}) AS found")


class OnPostgres(Measured):
    """In rows visited: those that a scan returns or passes over."""

    def settled(self) -> None:
        for table, column in HISTORY.items():
            self.engine.run(f"CREATE INDEX in_order ON {table} ({column})")
            self.engine.run(f"CLUSTER {table} USING in_order")
            self.engine.run("DROP INDEX in_order")
            block = "WITH (pages_per_range = 1)"
            self.engine.run(f"CREATE INDEX ON {table} USING brin ({column}) {block}")
        self.engine.run("ANALYZE")
        self.engine.run("SET LOCAL enable_seqscan = off")  # where the index helps at all
        self.engine.run("SET LOCAL enable_nestloop = off")  # Redshift joins by no index

    def measured(self, query: Query) -> Counter[str]:
        [[[plan]]] = self.engine.run(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {query.sql}")
        return sum((visited(node) for node in nodes(plan["Plan"])), Counter())


def nodes(plan: Mapping[str, Any], below: str = "Plans") -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get(below, ()):
        yield from nodes(part, below)


def visited(node: Mapping[str, Any]) -> Counter[str]:
    table = node.get("Relation Name")
    if table is None or node["Node Type"] == "ModifyTable":
        return Counter()
    if not node["Actual Loops"] and "Index" not in node["Node Type"] and table in HISTORY:
        bounded = "Recheck Cond" in node
        return Counter() if bounded else Counter({f"{table}, which PostgreSQL passed over": 1})
    removed = sum(rows for name, rows in node.items() if name.startswith("Rows Removed by "))
    return Counter({table: round((node["Actual Rows"] + removed) * node["Actual Loops"])})


class OnDuckDB(Measured):
    """In row groups, of 2,048 rows each."""

    def measured(self, query: Query) -> Counter[str]:
        with TemporaryDirectory() as folder_name:
            path = Path(folder_name) / "profile.json"
            self.engine.run("PRAGMA enable_profiling = 'json'")
            self.engine.run(f"PRAGMA profiling_output = '{path}'")
            self.engine.run(query.sql)
            self.engine.run("PRAGMA disable_profiling")
            [plan] = json.loads(path.read_text())["operator"]
        read: Counter[str] = Counter()
        for node in nodes(plan, "children"):
            table = node["extra_info"].get("Table", "").rpartition(".")[2]
            read[table] += node.get("row_groups_scanned", 0)
        return +read


@contextmanager
def a_warehouse(engine: str, days: int) -> Iterator[Measured]:
    if engine == "postgres":
        with postgres_database() as database:
            yield OnPostgres(Postgres(database), days)
        return
    with TemporaryDirectory() as place, duckdb.connect() as connection:
        connection.execute(f"ATTACH '{place}/warehouse.duckdb' (ROW_GROUP_SIZE 2048)")
        connection.execute("USE warehouse")
        connection.execute("SET threads = 1")  # rows stay in their order
        yield OnDuckDB(DuckDB(connection), days)


@cache
def reads(engine: str, days: int) -> Mapping[str, Counter[str]]:
    """What each statement of a day's load reads of each table, after so many days."""
    with a_warehouse(engine, days) as warehouse:
        warehouse.load_a_day()
        return warehouse.read


@pytest.mark.parametrize("engine", SPARE)
def test_a_load_reads_no_more_after_ten_times_the_history(engine: str) -> None:
    short, long = reads(engine, DAYS[engine]), reads(engine, 10 * DAYS[engine])
    assert short.keys() == long.keys()
    more = {
        name: (short[name], long[name])
        for name in short
        if long[name].total() > 1.2 * short[name].total() + SPARE[engine]
    }
    assert UNBOUNDED in more
    assert more.keys() - {UNBOUNDED} <= READS_HISTORY, more
    read = {table for name in short.keys() - READS_HISTORY for table in short[name]}
    assert not [table for table in read if "passed over" in table]


def test_late_songs_are_matched_in_one_pass() -> None:
    days = 10 * DAYS["postgres"]
    read = reads("postgres", days)["match_late"]
    assert max(read["staging_events"], read["songplays"]) <= days * A_DAY
