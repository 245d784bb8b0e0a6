"""The portable statements mean the same, to the last row, on DuckDB and on a real PostgreSQL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from oracle import Row, Staged, accept, key_and_rank, star
from oracle_fields import Kind
from sabotage import AUDITED, LOADS, SABOTAGES, Sabotage
from sparkify.sql_queries import (
    Query,
    business_questions,
    folder,
    insert_table_queries,
    quality_checks,
)
from sql_files import PORTABLE
from two_engines import KINDS, Batch, Postgres, Warehouse, read, refused_by_postgres, two_engines
from worlds import QUIRKS, Recipe, world

CHANGES = [query.name for query in insert_table_queries if "TEMPORARY" not in query.sql]
UNSEEN = {"match_late"}
"""What neither audits nor checks see: that a play could have a match."""
CHECKS = tuple(quality_checks.values())
LISTS = [folder("bookkeeping")[name] for name in ("runs", "rejects", "reject_reasons")] + [
    folder("bookkeeping")[name]
    for name in ("known_files", "newest_run", "freshness", "schema_version")
]


@dataclass
class Both:
    """A warehouse on each engine, to which the same happens."""

    duckdb: Warehouse
    postgres: Warehouse

    def same(self, action: str, *arguments: Any) -> Any:
        """Do something with both; gives what came out, which must be the same."""
        ours, theirs = (getattr(one, action)(*arguments) for one in (self.duckdb, self.postgres))
        assert ours == theirs
        return ours

    def load(self, batch: Batch) -> None:
        """Load; the audits find nothing, and all tables are the same."""
        assert not any(self.same("load", batch).values())
        self.same("tables")

    @property
    def ran(self) -> set[str]:
        return self.duckdb.ran & self.postgres.ran


@pytest.fixture
def both() -> Iterator[Both]:
    with two_engines() as (duckdb, postgres):
        yield Both(Warehouse(duckdb), Warehouse(postgres))


def expected(staged: Staged) -> dict[str, Counter[Row]]:
    """The tables that the second implementation makes."""
    staging = {f"staging_{kind}": Counter(staged.rows[kind].values()) for kind in KINDS}
    return staging | {name: Counter(rows) for name, rows in star(staged).items()}


# Worlds


@pytest.mark.parametrize("seed", range(6))
def test_worlds_become_the_same_tables(both: Both, seed: int) -> None:
    quirks = frozenset(Random(seed).sample(QUIRKS, 10)) | {"repeats"}
    staged = Staged()
    for number, files in enumerate(world(Recipe(seed, 40, 20, 4, quirks)), 1):
        both.load(read(files, number))
        accept(files, staged)
        tables = both.duckdb.tables()
        assert {name: tables[name] for name in expected(staged)} == expected(staged)
        both.same("run_all", LISTS)
        found = both.same("run_all", CHECKS)
        broken = {name for name, rows in found.items() if rows}
        assert broken <= {"freshness", "match_share", "registered_first"}
    before = both.duckdb.tables()
    assert not any(both.same("rebuild").values())
    assert both.same("tables") == before


def test_a_refused_load_leaves_the_same(both: Both) -> None:
    first, second = (read(files, number) for number, files in enumerate(LOADS, 1))
    both.load(first)
    both.same("refuse", second)
    refused = both.same("tables")
    assert [row[:2] for row in refused["etl_runs"]] == [(1, "published"), (2, "refused")]
    assert len(refused["rejected_records"]) == 1
    both.load(replace(second, run_id=3))
    assert {row[0] for row in both.duckdb.tables()["rejected_records"]} == {3}
    assert not any(both.same("run_all", CHECKS).values())


# Dense rows: whatever can tie, ties, and whatever can be NULL, is


def dense_rows(random: Random, files: int) -> Batch:
    """Many records of few keys, each column of few values."""
    batch = Batch(random.randrange(10**6))
    batch.files = [
        (n, "events" if n % 2 else "songs", f"file {n}", 1, f"{batch.run_id}", 60)
        for n in range(files)
    ]
    for number in range(60 * (files // 2)):
        source_file = number // 60 * 2
        batch.songs.append((*dense_song(random), source_file))
        batch.events.append((*dense_event(random), source_file + 1))
    return batch


TEXTS = ("a", "B", "é", "é ", "", "￿", "😀", '"', '""', '"a"', '"a', "a%", "\\", None)
NUMBERS = (0.0, -0.0, 0.1, 0.1 + 0.2, 0.3, 5e-324, 86_400.0, None)
MOMENTS = (
    *(datetime(2018, 12, 30, 23, 59, 59, 999_000), datetime(2018, 12, 31)),
    *(datetime(2020, 2, 29, 12, 0, 0, 1000), datetime(2021, 1, 1), datetime(2000, 1, 1)),
)


def dense_song(random: Random) -> Row:
    pick = random.choice
    return (
        *(pick((1, None)), pick(("AR1", "ar1", "É")), pick(NUMBERS), pick(NUMBERS)),
        *(pick(TEXTS), pick(("a", "B", None)), f"S{pick('1aé😀')}{pick('12')}", pick("ab")),
        *(pick((0.1 + 0.2, 0.3)), pick((0, 1982, 2004, None))),
    )


def dense_event(random: Random) -> Row:
    pick = random.choice
    page = pick(("NextSong", "NextSong", "nextsong"))
    nobody = () if page == "NextSong" else (None,)
    user, level = pick((7, 10, *nobody)), pick(("free", "paid", *nobody))
    moment = pick(MOMENTS) + timedelta(milliseconds=pick((0, 0, 1)))
    return (
        *(pick(("a", "B", None)), pick(TEXTS), pick(TEXTS), pick(TEXTS), pick(range(6))),
        *(pick(TEXTS), pick((0.1 + 0.2, 0.3, None)), level, pick(TEXTS), pick(TEXTS), page),
        *(pick((moment, None)), pick((0, 9_000_000_000_000)), pick(("a", "b", None))),
        *(pick((200, None)), moment, pick(TEXTS), user),
    )


def stage(kind: Kind, rows: list[Row], staged: Staged) -> None:
    """Of the rows with one key the greatest stays."""
    for row in rows:
        key, rank = key_and_rank(kind, row)
        kept = staged.rows[kind].get(key)
        if kept is None or rank > key_and_rank(kind, kept)[1]:
            staged.rows[kind][key] = row


@pytest.mark.parametrize("seed", range(3))
def test_dense_rows_become_the_same_tables(both: Both, seed: int) -> None:
    random = Random(seed)
    staged = Staged()
    for _ in range(3):
        batch = dense_rows(random, files=4)
        both.load(batch)
        for kind in KINDS:
            stage(kind, [row[:-1] for row in getattr(batch, kind)], staged)
        tables = both.duckdb.tables()
        assert {name: tables[name] for name in expected(staged)} == expected(staged)
        both.same("run_all", CHECKS)


# What is broken is found by both


@pytest.fixture(scope="module")
def small() -> Iterator[Both]:
    """The small warehouse, sound; what is changed is to be rolled back."""
    with two_engines() as (duckdb, postgres):
        both = Both(Warehouse(duckdb), Warehouse(postgres))
        for number, files in enumerate(LOADS, 1):
            both.load(read(files, number))
        assert not any(both.same("run_all", CHECKS).values())
        yield both


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=str)
def test_a_breach_is_the_same(small: Both, sabotage: Sabotage) -> None:
    found = []
    for one in (small.duckdb, small.postgres):
        with one.transaction(keep=False):
            for statement in sabotage.statements:
                one.engine.run(statement)
            found.append(one.run_all(CHECKS))
    ours, theirs = found
    assert ours == theirs
    assert {name for name, rows in ours.items() if rows} == {sabotage.check} | sabotage.others


@pytest.mark.parametrize("left_out", CHANGES)
def test_a_load_that_goes_wrong_is_the_same(small: Both, left_out: str) -> None:
    found = []
    for one in (small.duckdb, small.postgres):
        with one.transaction(keep=False):
            audits = one.load_within(read(AUDITED, 3), left_out)
            found.append((audits, one.tables(), one.run_all(CHECKS)))
    ours, theirs = found
    assert ours == theirs
    audits, _, checks = ours
    assert any([*audits.values(), *checks.values()]) == (left_out not in UNSEEN)


# All of them, and nothing that is not portable


def test_every_portable_statement_has_run(both: Both) -> None:
    first, second = (read(files, number) for number, files in enumerate(LOADS, 1))
    both.load(first)
    both.same("refuse", second)
    both.load(replace(second, run_id=3))
    both.same("rebuild")
    both.same("run_all", (*CHECKS, *LISTS))
    for query in business_questions.values():  # what they answer is compared elsewhere
        both.postgres.run(query)
    everything = {file.query.sql: str(file) for file in PORTABLE}
    assert [everything[sql] for sql in everything.keys() - both.postgres.ran] == []
    assert [
        everything[sql]
        for sql in everything.keys() - both.duckdb.ran
        if not everything[sql].startswith("questions/")
    ] == []


@pytest.mark.parametrize(
    ("expression", "function"),
    [
        ("SUM(length)", "sum"),
        ("AVG(length)", "avg"),
        ("AVG(status)", "avg"),
        ("AVG(CAST(length AS DECIMAL(18, 5)))", "avg"),
        ("STDDEV_SAMP(length)", "stddev_samp"),
        ("COUNT(*) / 2", "int84div"),
        ("MAX(sessionid) / MIN(sessionid)", "int8div"),
        ("MAX(status) / 7", "int4div"),
        ("SUM(sessionid) / COUNT(*)", "numeric_div"),
        ("STRING_AGG(page, ',')", "string_agg"),
        ("MIN(TO_CHAR(ts, 'YYYY'))", "to_char"),
        ("MIN(DATE_PART('hour', ts))", "date_part"),
        ("COUNT(CASE WHEN page ~ '^N' THEN 1 END)", "textregexeq"),
        ("MIN(NOW())", "now"),
        ("MIN(RANDOM())", "random"),
    ],
)
def test_what_is_not_portable_may_not_run(small: Both, expression: str, function: str) -> None:
    assert isinstance(small.postgres.engine, Postgres)
    sql = f"SELECT {expression} AS found FROM staging_events"
    assert refused_by_postgres(small.postgres.engine, sql) == function
    assert not refused_by_postgres(small.postgres.engine, "SELECT page FROM staging_events")


# What is cut off by LIMIT does not depend on how the rows lie


def tied_events(people: int = 60) -> list[Row]:
    """Everybody plays as much as everybody else, of everything, everywhere; half stop early."""
    rows = []
    for person in range(people):
        for item in range(4):
            song = (person + item) % people
            days = 8 * item + 16 * (person % 2)
            moment = datetime(2018, 11, 1) + timedelta(days=days, minutes=30 * item)
            rows.append(
                (
                    *(f"artist {song}", "Logged In", f"name {person}", "F", item, "x", 200.5),
                    *(("free", "paid")[item % 2], f"place {person}", "PUT", "NextSong", moment),
                    *(person, f"song {song}", 200, moment, f"agent {person}", person),
                )
            )
    return rows


def limited() -> list[Query]:
    return [file.query for file in PORTABLE if "LIMIT" in file.query.sql]


@pytest.fixture(scope="module")
def shuffled() -> Iterator[list[Warehouse]]:
    """The same rows in three orders on each engine."""
    staged = Staged()
    stage("events", tied_events(), staged)
    tables = {"staging_events": list(staged.rows["events"].values()), **star(staged)}
    with two_engines() as first, two_engines() as second, two_engines() as third:
        warehouses = [Warehouse(engine) for pair in (first, second, third) for engine in pair]
        for number, one in enumerate(warehouses):
            for name, rows in tables.items():
                if rows:
                    mixed = Random(number).sample(rows, len(rows))
                    one.engine.fill(name, columns_of(name), mixed)
        yield warehouses


def columns_of(table: str) -> list[str]:
    return re.findall(r"^    (\w+) ", folder("tables")[table].sql, re.MULTILINE)


@pytest.mark.parametrize("query", limited(), ids=lambda query: query.name)
def test_what_is_cut_off_does_not_depend_on_the_order_of_rows(
    shuffled: list[Warehouse], query: Query
) -> None:
    first, *others = (one.run(query) for one in shuffled)
    assert first
    assert all(rows == first for rows in others)


def test_a_cut_among_ties_is_seen(shuffled: list[Warehouse]) -> None:
    sql = "SELECT artist, COUNT(*) AS n FROM staging_events GROUP BY artist ORDER BY n LIMIT 10"
    assert len({tuple(one.engine.run(sql)) for one in shuffled}) > 1
