"""Each question's statement, on DuckDB and on PostgreSQL, against the naive answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from naive_answers import ANSWERS, SHIPPED
from naive_tables import Row
from question_readers import Asked, on_duckdb, on_postgres
from question_worlds import world
from sparkify.analysis import questions

WORLDS = range(30)


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Asked, Asked]]:
    with on_duckdb() as duck, on_postgres() as postgres:
        yield duck, postgres


def answered(reader: Asked, name: str) -> list[Row]:
    table = reader.read(questions()[name].sql)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def typed(rows: list[Row]) -> list[list[tuple[str, type, Any]]]:
    """Rows with the order of their columns and the types of their values, for comparison."""
    return [[(column, type(value), value) for column, value in row.items()] for row in rows]


@pytest.mark.parametrize("seed", WORLDS)
def test_both_engines_answer_as_the_naive_way_does(
    seed: int, engines: tuple[Asked, Asked], tmp_path: Path
) -> None:
    tables = world(seed)
    for reader in engines:
        reader.fill(tables, tmp_path)
    for name in questions():
        found = [answered(reader, name) for reader in engines]
        expected = ANSWERS[name](tables) if name in ANSWERS else found[0]
        for reader, rows in zip(engines, found, strict=True):
            assert rows == expected, (name, reader.engine)
            assert typed(rows) == typed(expected), (name, reader.engine)


def test_the_worlds_put_every_question_to_the_proof() -> None:
    tables = [world(seed) for seed in WORLDS]
    for name, answer in ANSWERS.items():
        assert max(len(answer(found)) for found in tables) > 1, name


def test_every_question_that_is_shipped_has_a_naive_answer() -> None:
    """Else: add it to tests/naive_answers.py, or take the name out of SHIPPED there."""
    assert list(ANSWERS) == list(SHIPPED)
    assert [name for name in questions() if name in SHIPPED] == list(SHIPPED)
