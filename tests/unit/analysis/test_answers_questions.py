"""The files of the questions: what their headers may say, and what their statements may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from naive_answers import SHIPPED
from question_readers import Asked, on_duckdb
from sparkify.analysis import ask, personal_columns, questions
from sparkify.analysis.templates import sentence, shown
from sparkify.report.chart_spec import MEASURES, chart_spec
from sparkify.sql_queries import TAKEN_NAMES, HeaderError, NameTakenError, Query, parse_question

KEYS = {
    *("name", "order", "group", "question", "answer", "lead", "tie", "needs", "empty"),
    *("coverage", "columns", "rows", "chart", "personal", "note", "period", "level"),
}
GROUPS = {"music", "listeners", "money", "time", "places", "catalogue"}
NOT_PORTABLE = (
    r"\b(AVG|ROUND|MEDIAN|DATEDIFF|DATEADD|TO_CHAR|STRFTIME|ILIKE|FILTER|QUALIFY|GETDATE|NOW)\b",
    r"\b(DISTINCT FROM|SIMILAR TO|SELECT \*|USING)\b",
    r"::|~|\{|\$|\?",
    r"\b(SUM|COUNT|MIN|MAX)\([^()]*\) OVER \([^()]*ORDER BY (?![^()]*\bROWS BETWEEN\b)",
    r"\b(SUM)\((\w+\.)?(length|duration)\)",
)


MINE = "-- name: mine\n-- question: What?\n{}"


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


def test_what_is_shipped_says_everything_and_its_place() -> None:
    """A question need not; one of the product does."""
    for number, name in enumerate(SHIPPED, start=1):
        header = questions()[name].header
        assert int(header["order"]) == number
        assert {"answer", "group", "columns", "chart", "period", "level"} <= set(header)


@pytest.mark.parametrize("taken", sorted(TAKEN_NAMES))
def test_an_expression_with_the_name_of_a_table_or_view_is_refused(taken: str) -> None:
    with pytest.raises(NameTakenError, match=rf"mine\.sql: WITH {taken} AS has the name") as caught:
        parse_question(
            "mine", MINE.format(f"WITH {taken} AS (SELECT 1 AS n) SELECT n FROM {taken}")
        )
    assert f"asked_{taken}" in caught.value.next_step


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT 1 AS n), sessions AS (SELECT n FROM a) SELECT n FROM sessions",
        "WITH a AS (\n    SELECT (1) AS n\n)\n,\n\nsessions AS (SELECT n FROM a) SELECT n FROM a",
        "with Sessions as materialized (select 1 as n) select n from Sessions",
        'WITH RECURSIVE "sessions" (n) AS NOT MATERIALIZED (SELECT 1) SELECT n FROM "sessions"',
        "SELECT n FROM (WITH sessions AS (SELECT 1 AS n) SELECT n FROM sessions) AS a",
        "WITH -- mine\n sessions AS (SELECT 1 AS n) SELECT n FROM sessions",
    ],
)
def test_such_a_name_is_found_wherever_it_stands(sql: str) -> None:
    with pytest.raises(NameTakenError):
        parse_question("mine", MINE.format(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "WITH my_sessions AS (SELECT 1 AS n) SELECT n AS plays, n AS listeners FROM my_sessions",
        "SELECT 'WITH plays AS (' AS said FROM sessions -- WITH users AS (",
        "SELECT COUNT(*) AS n, CAST(MAX(plays) AS DECIMAL(18, 5)) AS sessions FROM sessions",
    ],
)
def test_other_names_are_let_through(sql: str) -> None:
    assert parse_question("mine", MINE.format(sql)).sql == sql


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("", set()),
        ("-- period: none\n-- level: no\n", set()),
        ("-- period: as_of\n", {"until"}),
        ("-- period: window\n-- level: yes\n", {"since", "until", "level"}),
    ],
)
def test_a_header_says_which_filters_a_question_takes(header: str, taken: set[str]) -> None:
    text = f"-- name: mine\n-- question: What?\n{header}SELECT 1 AS n"
    assert parse_question("mine", text).takes == taken


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("-- period: month", "period is 'month', and may be window, as_of, none"),
        ("-- level: paid", "level is 'paid', and may be yes, no"),
        ("-- level: yes\nWITH RECURSIVE a AS (SELECT 1)", "WITH RECURSIVE takes neither"),
    ],
)
def test_a_header_names_no_other_filters(header: str, said: str) -> None:
    with pytest.raises(HeaderError, match=rf"mine\.sql: {said}"):
        parse_question("mine", f"-- name: mine\n-- question: What?\n{header}\nSELECT 1 AS n")


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


def test_a_chart_draws_columns_that_are_shown_and_has_one_measure(
    query: Query, duck: Asked
) -> None:
    (answer,) = ask(duck, [query.name])
    chart = chart_spec(answer)
    if not (answer.chart and chart):
        return
    columns = shown_columns(query)
    assert set(chart.columns) <= set(columns)
    measured = [{columns[name] in MEASURES for name in axis} for axis in (chart.x, chart.y)]
    assert measured in ([{True}, {False}], [{False}, {True}])
    assert chart.kind != "line" or measured == [{False}, {True}]
    assert chart.kind != "funnel" or measured == [{True}, {False}]
    assert chart.mean is None or columns[chart.mean] in MEASURES


def test_a_question_that_asks_for_names_says_which_columns_they_are(query: Query) -> None:
    """So that the report can leave them out: what comes from a name's column is declared."""
    named = re.findall(r"\b(?:first|last)_?name\b(?: AS (\w+))?", query.sql)
    assert {alias for alias in named if alias} <= personal_columns(query.header)


def test_a_statement_keeps_to_portable_sql_and_a_stated_order(query: Query) -> None:
    for pattern in NOT_PORTABLE:
        assert not re.search(pattern, query.sql), pattern
    last_lines = query.sql.splitlines()[-2:]
    if query.name in SHIPPED or "GROUP BY" in query.sql:
        assert any(line.startswith("ORDER BY") for line in last_lines)
