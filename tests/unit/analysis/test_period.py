"""The filters of a question: how they are written, refused, left out, and told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from question_readers import Asked, on_duckdb
from question_worlds import warehouse
from sparkify.analysis import Filters, Wanted, ask, narrowed, questions
from sparkify.analysis.period import parsed
from sparkify.errors import UsageError

FIRST, SECOND, NINTH = date(2018, 11, 1), date(2018, 11, 2), date(2018, 11, 9)
PLAY = {
    "page": "NextSong",
    "firstname": "Ann",
    "lastname": "Lee",
    "gender": "F",
    "location": None,
    "sessionid": 3,
    "song": "Undo",
    "artist": "Björk",
    "length": 240.5,
    "useragent": None,
}
PLAYS = [
    PLAY | {"userid": user, "level": level, "ts": moment, "iteminsession": 0}
    for user, level, moment in (
        (7, "free", datetime(2018, 11, 1, 23, 59, 59, 999_000)),
        (7, "paid", datetime(2018, 11, 2)),
        (8, "free", datetime(2018, 11, 8, 12)),
    )
]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with on_duckdb() as found:
        found.fill(warehouse(PLAYS), tmp_path_factory.mktemp("plays"))
        yield found


@pytest.mark.parametrize(
    ("text", "meant"),
    [("2018-11-01", FIRST), (" 2018-11-01 ", FIRST), ("30d", timedelta(30)), ("1d", timedelta(1))],
)
def test_a_day_is_a_date_or_counts_back(text: str, meant: date | timedelta) -> None:
    assert parsed(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2018-13-01",
        "2018-11",
        "d",
        "-3d",
        "1.5d",
        "3w",
        "999999d",
        "٣d",
        "20181101",
    ],
)
def test_other_texts_are_refused_with_both_forms(text: str) -> None:
    with pytest.raises(UsageError, match="is neither a day nor a number of days") as caught:
        parsed(text)
    assert "2018-11-30, or 30d" in caught.value.next_step


@pytest.mark.parametrize("until", [FIRST, date(2018, 10, 31)])
def test_a_period_without_a_day_is_refused(until: date) -> None:
    with pytest.raises(UsageError, match=f"2018-11-01 is not before --until {until}"):
        Filters(FIRST, until)


@pytest.mark.parametrize("level", ["", "gold", "paid' OR 1=1 --"])
def test_a_level_that_there_is_not_is_refused(level: str) -> None:
    with pytest.raises(UsageError, match="there is no level"):
        Filters(level=level)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(), ""),
        (Filters(since=FIRST), "Since 2018-11-01"),
        (Filters(until=NINTH), "Up to 2018-11-08"),
        (Filters(FIRST, NINTH), "From 2018-11-01 to 2018-11-08"),
        (Filters(FIRST, SECOND), "On 2018-11-01"),
        (Filters(level="paid"), "At the paid level"),
        (Filters(FIRST, NINTH, "free"), "From 2018-11-01 to 2018-11-08, at the free level"),
    ],
)
def test_filters_in_words_name_the_days_that_count(filters: Filters, said: str) -> None:
    assert filters.phrase == said


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (Wanted(), Filters()),
        (Wanted(since=timedelta(1)), Filters(since=date(2018, 11, 8))),
        (Wanted(since=timedelta(7)), Filters(since=SECOND)),
        (Wanted(timedelta(8), timedelta(7)), Filters(FIRST, SECOND)),
        (Wanted(FIRST, timedelta(7), "paid"), Filters(FIRST, SECOND, "paid")),
    ],
)
def test_days_count_back_from_the_newest_play(
    wanted: Wanted, meant: Filters, reader: Asked
) -> None:
    assert wanted.on(reader) == meant


def test_without_plays_there_is_no_day_to_count_from() -> None:
    with on_duckdb() as empty:
        assert Wanted(since=timedelta(7), level="paid").on(empty) == Filters(level="paid")


def test_the_period_begins_at_midnight_and_ends_before_midnight(reader: Asked) -> None:
    def plays(filters: Filters) -> int:
        (answer,) = ask(reader, ["catalogue_match"], filters=filters)
        return sum(row[1] for row in answer.rows)

    assert plays(Filters(until=SECOND)) == 1
    assert plays(Filters(since=SECOND)) == 2
    assert plays(Filters(SECOND, date(2018, 11, 3))) == 1
    assert plays(Filters(level="paid")) == 1


def test_who_played_before_is_not_new(reader: Asked) -> None:
    """With the days before cut off listener 7 would be new on the second."""
    (answer,) = ask(reader, ["new_listeners"], filters=Filters(until=date(2018, 11, 3)))
    assert answer.answer == (
        "Up to 2018-11-02: On the newest day, 2018-11-02 (UTC), no listeners played for the first"
        " time and 1 listener had played on an earlier day."
    )


@pytest.mark.parametrize(
    ("name", "filters", "said"),
    [
        ("new_listeners", Filters(since=SECOND), "new_listeners takes no --since: it looks at all"),
        ("replays", Filters(until=NINTH, level="paid"), "takes no --level: it cannot be asked of"),
        ("paying_funnel", Filters(FIRST, None, "free"), "takes no --since and no --level"),
    ],
)
def test_one_question_refuses_a_filter_that_would_make_it_untrue(
    name: str, filters: Filters, said: str, reader: Asked
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        ask(reader, [name], filters=filters)
    strange = set(filters.given) - questions()[name].takes
    assert set(caught.value.details["filters"]) == strange
    assert all(f"--{one}" in caught.value.next_step for one in strange)


@pytest.mark.parametrize("names", [None, ["new_listeners", "top_songs"]])
def test_of_many_each_leaves_out_what_it_does_not_take_and_says_so(
    names: list[str] | None, reader: Asked
) -> None:
    filters = Filters(SECOND, NINTH, "paid")
    by_name = {one.name: one for one in ask(reader, names, filters=filters)}
    songs, new = by_name["top_songs"], by_name["new_listeners"]
    assert songs.filters == filters
    assert songs.left_out == ()
    assert songs.answer.startswith("From 2018-11-02 to 2018-11-08, at the paid level: ")
    assert new.filters == Filters(until=NINTH)
    assert new.left_out == ("since", "level")
    assert new.answer.startswith("Up to 2018-11-08: ")
    assert str(new.note).endswith(" Asked without --since and --level, which it does not take.")
    assert new.as_json()["filters"] == {"since": None, "until": "2018-11-09", "level": None}
    assert new.as_json()["left_out"] == ["since", "level"]


def test_json_without_filters_says_nothing_of_them(reader: Asked) -> None:
    (answer,) = ask(reader, ["top_songs"])
    assert [*answer.as_json()] == ["name", "question", "answer", "columns", "rows"]


def test_the_statement_names_the_days() -> None:
    (query,) = narrowed([questions()["top_songs"]], Filters(since=FIRST), refuse=True)
    assert query.sql.startswith("WITH staging_events AS (\nSELECT artist, ")
    assert query.sql.count("TIMESTAMP '2018-11-01 00:00:00'") == 2
