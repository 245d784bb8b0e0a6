"""Literals: PostgreSQL reads what was quoted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postgres import Connection as Postgres
from postgres import postgres_database
from sparkify.boto3_sql_util import quote_literal


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


@pytest.mark.parametrize(
    "bad", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\ud800", "\udfff"]
)
def test_what_no_literal_holds_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"U\+[0-9A-F]{4} at 2 cannot stand in SQL"):
        quote_literal(f"ab{bad}c")
