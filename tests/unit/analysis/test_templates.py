"""The language of the answers: formats, optional parts, ties."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from sparkify.analysis.templates import column, phrase, sentence, shown, tied_with


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1234567, "count", "1,234,567"),
        (0, "count", "0"),
        (2, "count play", "2 plays"),
        (1, "count play", "1 play"),
        (0, "count play", "no plays"),
        (1234, "count person people", "1,234 people"),
        (1, "count person people", "1 person"),
        (1, "plural has have", "has"),
        (0, "plural has have", "have"),
        (12.46, "number", "12.5"),
        (3.0, "number", "3"),
        (1234.5, "number", "1,234.5"),
        (1.04, "number hour", "1 hour"),
        (0.94, "number hour", "0.9 hours"),
        (0.125, "percent", "12.5%"),
        (0, "percent", "0%"),
        (0.0004, "percent", "less than 0.1%"),
        (0.99951, "percent", "more than 99.9%"),
        (1, "percent", "100%"),
        (0.125, "change", "12.5% more than"),
        (-0.5, "change", "50% fewer than"),
        (0, "change", "as many as"),
        (45, "duration", "45 seconds"),
        (1, "duration", "1 second"),
        (750, "duration", "12.5 minutes"),
        (3600, "duration", "1 hour"),
        (100_000, "duration", "1.2 days"),
        (9, "hour", "09:00 to 10:00"),
        (23, "hour", "23:00 to 24:00"),
        (1990, "decade", "1990s"),
        (date(2018, 11, 3), "day", "2018-11-03"),
        (datetime(2018, 11, 3, 4, 5, 6), "day", "2018-11-03"),
        (date(2018, 11, 1), "month", "November 2018"),
        (datetime(2018, 11, 3, 4, 5, 6), "moment", "2018-11-03 04:05"),
        ("Björk", "", "Björk"),
        (101, "", "101"),
        (date(2018, 11, 3), "", "2018-11-03"),
        (None, "count play", ""),
    ],
)
def test_a_value_is_written_in_its_format(value: Any, form: str, text: str) -> None:
    assert shown(value, form) == text


@pytest.mark.parametrize(
    ("values", "form", "texts"),
    [
        ([1, 0.125, 0.0004, None], "percent", ["100.0%", "12.5%", "less than 0.1%", ""]),
        ([1, 0.5], "percent", ["100%", "50%"]),
        ([301, 260.25, -1, 1200], "number", ["301.0", "260.2", "-1.0", "1,200.0"]),
        ([301, 1200], "number", ["301", "1,200"]),
        ([12, 1234], "count", ["12", "1,234"]),
        (["7.5", "2"], "", ["7.5", "2"]),
        ([], "number", []),
    ],
)
def test_the_numbers_of_a_column_have_as_many_decimals(
    values: list[Any], form: str, texts: list[str]
) -> None:
    assert column(values, form) == texts


def test_an_unknown_format_is_an_error_even_of_null() -> None:
    with pytest.raises(ValueError, match="no such format: 'euros'"):
        shown(None, "euros")


def test_a_sentence_is_filled_and_begins_with_a_capital() -> None:
    lead = {"device": "phone", "plays": 1}
    assert sentence("{device}s make {plays:count play}.", lead) == "Phones make 1 play."
    assert phrase("{device}", lead) == "phone"
    assert sentence("", lead) == ""


def test_null_is_unknown_outside_of_optional_parts_and_leaves_those_out() -> None:
    lead = {"song": "Undo", "artist": None}
    assert sentence("{song} by {artist}", lead) == "Undo by unknown"
    assert sentence("{song}[ by {artist}].", lead) == "Undo."
    assert sentence("{song}[ by {artist}].", lead | {"artist": "Björk"}) == "Undo by Björk."


def test_zero_and_the_empty_text_do_not_leave_a_part_out() -> None:
    assert sentence("a[ {plays}{name}]", {"plays": 0, "name": ""}) == "A 0"


def test_the_row_behind_is_next() -> None:
    template = "{song}[, then {next.song} ({next.plays:count})]"
    lead, behind = {"song": "A", "plays": 9}, {"song": "B", "plays": 8}
    assert sentence(template, lead, behind) == "A, then B (8)"
    assert sentence(template, lead) == "A"


def test_values_are_not_read_as_templates() -> None:
    lead = {"song": "[{plays}] {next.song}"}
    assert sentence("{song}", lead) == "[{plays}] {next.song}"


@pytest.mark.parametrize("template", ["{plays}", "[{plays}]", "{last.song}", "{next.plays}"])
def test_an_unknown_column_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="no such column"):
        sentence(template, {"song": "A"}, {"song": "B"})


@pytest.mark.parametrize(
    ("others", "total", "text"),
    [
        ([], 0, ""),
        (["B"], 1, ", tied with B"),
        (["B", "C"], 2, ", tied with B and C"),
        (["B", "C", "D"], 3, ", tied with B, C and D"),
        (["B", "C", "D", "E"], 4, ", tied with B, C and 2 more"),
        (["B", "C", "D"], 1500, ", tied with B, C and 1,498 more"),
        ([], 2, ", tied with 2 more"),
    ],
)
def test_ties_are_announced(others: list[str], total: int, text: str) -> None:
    assert tied_with(others, total) == text


def test_the_words_about_ties_are_put_where_the_template_says() -> None:
    assert sentence("{song} wins{ties}.", {"song": "A"}, ties=", tied with B") == (
        "A wins, tied with B."
    )
    assert sentence("[{song} wins{ties}.]", {"song": "A"}) == "A wins."
