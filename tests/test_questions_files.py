"""The files of the questions: what their headers may say, and what their statements may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from naive_answers import SHIPPED
from question_readers import Asked, on_duckdb
from sparkify.analysis import questions
from sparkify.sql_queries import Query
from sparkify.wording import sentence, shown

KEYS = {
    *("name", "order", "group", "question", "answer", "lead", "tie", "needs", "empty"),
    *("coverage", "columns", "rows", "chart", "note"),
}
GROUPS = {"music", "listeners", "money", "time", "places", "catalogue"}
MEASURES = {"count", "number", "percent"}
NOT_PORTABLE = (
    r"\b(AVG|ROUND|MEDIAN|DATEDIFF|DATEADD|TO_CHAR|STRFTIME|ILIKE|FILTER|QUALIFY|GETDATE|NOW)\b",
    r"\b(DISTINCT FROM|SIMILAR TO|SELECT \*|USING)\b",
    r"::|~|\{|\$|\?",
    r"\b(SUM|COUNT|MIN|MAX)\([^()]*\) OVER \([^()]*ORDER BY (?![^()]*\bROWS BETWEEN\b)",
    r"\b(SUM)\((\w+\.)?(length|duration)\)",
)


@pytest.fixture(scope="module")
def duck() -> Iterator[Asked]:
    with on_duckdb() as reader:
        yield reader


@pytest.fixture(params=[*questions().values()], ids=[*questions()])
def query(request: pytest.FixtureRequest) -> Query:
    found: Query = request.param
    return found


def shown_columns(query: Query) -> dict[str, str]:
    """The columns that a question shows, with their formats."""
    declared = filter(None, query.header.get("columns", "").split(","))
    pairs = [column.strip().partition(":") for column in declared]
    return {name: form for name, _, form in pairs}


def chart_columns(text: str) -> list[str]:
    if match := re.fullmatch(r"(\w+)_(\d+)\.\.(\w+)_(\d+)", text):
        return [f"{match[1]}_{number}" for number in range(int(match[2]), int(match[4]) + 1)]
    return text.split(",")


def test_what_is_shipped_says_everything_and_its_place() -> None:
    """A question need not; one of the product does."""
    for number, name in enumerate(SHIPPED, start=1):
        header = questions()[name].header
        assert int(header["order"]) == number
        assert {"answer", "group", "columns", "chart"} <= set(header)


def test_a_header_says_what_is_known(query: Query) -> None:
    assert set(query.header) <= KEYS, f"{query.name}.sql: {set(query.header) - KEYS} means nothing"
    assert query.header.get("group", "music") in GROUPS
    assert query.header["question"].endswith("?")
    for key in ("answer", "empty", "note"):
        assert query.header.get(key, "There are none.").endswith((".", "]"))


def test_a_header_names_columns_that_its_statement_gives(query: Query, duck: Asked) -> None:
    columns = duck.read(query.sql).columns
    row = dict.fromkeys(columns)
    assert set(shown_columns(query)) <= set(columns)
    assert {query.header.get("lead", columns[0]), query.header.get("needs", columns[0])} <= set(row)
    assert ("{ties}" in query.header.get("answer", "")) == ("tie" in query.header)
    for key in ("answer", "tie", "coverage"):
        sentence(query.header.get(key, ""), row, row)
    for form in shown_columns(query).values():
        shown(None, form)


def test_a_chart_draws_columns_that_are_shown_and_has_one_measure(query: Query) -> None:
    kind, x, y = query.header.get("chart", "bar x=plays y=song").split()
    columns = shown_columns(query) or {"plays": "count", "song": ""}
    across, up = (chart_columns(axis.partition("=")[2]) for axis in (x, y))
    assert (kind in {"bar", "line", "cohort"}, x[:2], y[:2]) == (True, "x=", "y=")
    assert set(across + up) <= set(columns)
    measured = [{columns[name] in MEASURES for name in axis} for axis in (across, up)]
    assert measured in ([{True}, {False}], [{False}, {True}])
    assert kind != "line" or measured == [{False}, {True}]


def test_a_statement_keeps_to_portable_sql_and_a_stated_order(query: Query) -> None:
    for pattern in NOT_PORTABLE:
        assert not re.search(pattern, query.sql), pattern
    last_lines = query.sql.splitlines()[-2:]
    if query.name in SHIPPED or "GROUP BY" in query.sql:
        assert any(line.startswith("ORDER BY") for line in last_lines)
