"""Literals and names: PostgreSQL reads what was quoted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postgres import Connection as Postgres
from postgres import postgres_database
from sparkify.boto3_sql_util import quote_literal, quote_name
from sparkify.boto3_sql_util.execution import LONGEST_NAME


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that reads literals as Redshift does: a backslash escapes."""
    with postgres_database() as connection:
        connection.execute("SET standard_conforming_strings = off")
        connection.execute("SET escape_string_warning = off")
        yield connection


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")))


@given(TEXTS)
@example("it's \\ \\' '' \\\\ \" $1 :name %s ; -- /* \\n \\x41 \\101 \\u0041")
@example("\\")
@example("'")
@example("")
@example("\u2028 \ufeff \U0001f600 e\u0301 \xa0")
def test_a_literal_is_the_text(postgres: Postgres, text: str) -> None:
    statement = f"SELECT {quote_literal(text)}::text, {quote_literal(text[::-1])}::text"
    assert postgres.execute(statement.encode()).fetchall() == [(text, text[::-1])]


@given(TEXTS.filter(lambda text: 0 < len(text.encode()) <= 63))
@example('a"b')
@example('"')
@example("time")
def test_a_name_is_the_name(postgres: Postgres, name: str) -> None:
    found = postgres.execute(f"SELECT 1 AS {quote_name(name)}".encode())
    assert found.description is not None
    assert found.description[0].name == name


@pytest.mark.parametrize(
    "bad", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\ud800", "\udfff"]
)
@pytest.mark.parametrize("quote", [quote_literal, quote_name])
def test_what_no_literal_holds_is_refused(quote: Any, bad: str) -> None:
    with pytest.raises(ValueError, match=r"U\+[0-9A-F]{4} at 2 cannot stand in SQL"):
        quote(f"ab{bad}c")


@pytest.mark.parametrize("name", ["", "x" * (LONGEST_NAME + 1), "é" * 64])
def test_names_of_a_wrong_length_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 127 bytes"):
        quote_name(name)


def test_the_longest_name_is_quoted() -> None:
    assert quote_name("x" * LONGEST_NAME) == '"' + "x" * LONGEST_NAME + '"'
