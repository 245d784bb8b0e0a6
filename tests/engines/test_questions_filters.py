"""Each question under the filters that it takes, on both engines, against the naive answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
import sqlglot

from naive_answers import ANSWERS
from naive_tables import Row, Tables, part
from question_readers import Asked, on_duckdb, on_postgres
from question_worlds import FIRST_MOMENT, world
from sparkify.analysis import ask, questions
from sparkify.analysis.period import Filters, applied
from sparkify.sql_queries import VIEWS, Query, part_of

WORLDS = range(30)
FIRST_DAY = FIRST_MOMENT.date()
SPREAD = 5
"""A world with plays on many days."""


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Asked, Asked]]:
    with on_duckdb() as duck, on_postgres() as postgres:
        yield duck, postgres


def some_filters(random: Random, tables: Tables) -> list[Filters]:
    """Filters that cut a world: at its start, at its end, at both, and by level."""
    days = sorted({play["start_time"].date() for play in tables["songplays"]}) or [FIRST_DAY]
    since, last = sorted(random.choices(days, k=2))
    until = last + timedelta(days=1)
    return [
        Filters(since, until),
        Filters(since=since, level=random.choice(("free", "paid"))),
        Filters(until=until, level=random.choice(("free", "paid"))),
    ]


def answered(reader: Asked, query: Query, filters: Filters) -> list[Row]:
    table = reader.read(applied(query, filters, refuse=False).narrowed(query.sql))
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.mark.sampled(of=15)
@pytest.mark.parametrize("seed", WORLDS)
def test_an_answer_under_filters_is_that_of_a_warehouse_without_other_events(
    seed: int, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(seed)
    for reader in engines:
        reader.fill(tables, tmp_path)
    for filters in some_filters(Random(seed), tables):
        for query in questions().values():
            taken = filters.only(query.takes)
            found = [answered(reader, query, filters) for reader in engines]
            assert found[0] == found[1], (query.name, taken)
            if query.name in ANSWERS:
                rows = ANSWERS[query.name](part(tables, **vars(taken)))
                assert found[0] == rows, (query.name, taken)


def test_the_filters_put_every_question_to_the_proof() -> None:
    """Each answer is another one under some filter of some world."""
    same = set(ANSWERS)
    for seed in WORLDS[::3]:
        tables = world(seed)
        for filters in some_filters(Random(seed), tables):
            for name in sorted(same):
                taken = filters.only(questions()[name].takes)
                if ANSWERS[name](part(tables, **vars(taken))) != ANSWERS[name](tables):
                    same.remove(name)
    assert not same


@pytest.mark.parametrize("name", [*questions()])
def test_redshift_parses_a_question_with_its_filters(name: str) -> None:
    query = questions()[name]
    filters = Filters(FIRST_DAY, FIRST_DAY + timedelta(days=3), "paid").only(query.takes)
    sql = filters.narrowed(query.sql)
    assert (sql == query.sql) == (not query.takes)
    (parsed,) = sqlglot.parse(sql, dialect="redshift")
    assert isinstance(parsed, sqlglot.exp.Select)


def test_a_table_that_a_statement_does_not_name_is_not_put_before_it() -> None:
    day = date(2018, 11, 5)
    assert "staging_events" not in part_of("SELECT COUNT(*) FROM songplays", day)
    alone = part_of("SELECT COUNT(*) FROM users", None, day)
    assert alone.index("songplays AS") < alone.index("users AS")
    for view in VIEWS:
        assert "staging_events AS (" in part_of(f"SELECT COUNT(*) FROM {view}", day)
    catalogue = "SELECT COUNT(*) FROM songs INNER JOIN artists USING (artist_id)"
    assert part_of(catalogue, day, level="paid") == catalogue


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) AS n FROM songplays",
        "WITH a AS (SELECT user_id FROM songplays) SELECT COUNT(*) AS n FROM a",
        "with a as (select user_id from songplays) select count(*) as n from a",
        "/* all */ -- of them\nWITH a AS (SELECT level FROM SONGPLAYS) SELECT COUNT(*) AS n FROM a",
        "SELECT n FROM (SELECT COUNT(*) AS n FROM songplays) AS songplays_counted",
        "SELECT COUNT(*) AS n FROM songplays AS p INNER JOIN users AS u"
        " ON p.user_id = u.user_id AND p.level = u.level",
    ],
)
def test_however_a_statement_is_written_the_filters_reach_it(
    sql: str, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(SPREAD)
    plays = tables["songplays"]
    day = sorted({play["start_time"].date() for play in plays})[5]
    expected = sum(play["start_time"].date() < day for play in plays)
    assert 0 < expected < len(plays)
    for reader in engines:
        reader.fill(tables, tmp_path)
        assert reader.read(part_of(sql, until=day)).rows == [(expected,)]


def test_a_period_without_plays_reads_sensibly(
    engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(SPREAD)
    for reader in engines:
        reader.fill(tables, tmp_path)
        for answer in ask(reader, filters=Filters(since=date(2050, 1, 1), level="paid")):
            if "since" in answer.left_out:
                continue
            assert answer.answer.startswith("Since 2050-01-01")
            assert not answer.rows or answer.name == "catalogue_match"
            assert "unknown" not in answer.answer
            assert "yet" not in answer.answer
