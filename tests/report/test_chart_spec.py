"""Which chart a question gets, and the figures of the days that the report draws."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from naive_tables import Tables, heard
from question_readers import on_duckdb, on_postgres
from question_worlds import world
from sparkify.analysis import Answer
from sparkify.report.chart_spec import ChartSpec, chart, chart_spec, milliseconds, one_line, visible
from sparkify.report.data import change, daily, newest_mean
from sparkify.sql_queries import HeaderError, report_queries


def answer(formats: dict[str, str], chart: str | None, *rows: tuple[Any, ...]) -> Answer:
    return Answer(
        name="asked",
        question="What?",
        answer="That.",
        columns=tuple(formats),
        rows=rows,
        coverage=None,
        note=None,
        group="music",
        chart=chart,
        sql="SELECT 1",
        formats=tuple(formats.values()),
    )


PLAYS = {"song": "", "artist": "", "plays": "count", "share": "percent"}
DAYS = {"day": "day", "plays": "count", "mean": "number"}
WEEKS = {"first": "day", "week_1": "percent", "week_2": "percent"}


@pytest.mark.parametrize(
    ("formats", "header", "expected"),
    [
        (
            PLAYS,
            "bar x=plays y=song,artist",
            ChartSpec("bar", ("plays",), ("song", "artist"), True),
        ),
        (PLAYS, "bar x=song y=share", ChartSpec("bar", ("song",), ("share",), False)),
        (PLAYS, "funnel x=plays y=song", ChartSpec("funnel", ("plays",), ("song",), True)),
        (DAYS, "line x=day y=plays,mean", ChartSpec("line", ("day",), ("plays", "mean"), False)),
        (
            DAYS,
            "line x=day y=plays mean=mean",
            ChartSpec("line", ("day",), ("plays",), False, "mean"),
        ),
        (
            WEEKS,
            "cohort x=week_1..week_2 y=first",
            ChartSpec("cohort", ("week_1", "week_2"), ("first",), True),
        ),
        (
            PLAYS,
            "heat x=plays..share y=song",
            ChartSpec("heat", ("plays", "share"), ("song",), True),
        ),
        (PLAYS, None, ChartSpec("bar", ("plays",), ("song", "artist"), True)),
        (DAYS, None, ChartSpec("line", ("day",), ("plays",), False)),
        ({"song": "", "artist": ""}, None, None),
        ({"plays": "count"}, None, None),
    ],
)  # fmt: skip
def test_a_header_says_or_the_columns_suggest(
    formats: dict[str, str], header: str | None, expected: ChartSpec | None
) -> None:
    assert chart_spec(answer(formats, header)) == expected


@pytest.mark.parametrize(
    "header",
    ["pie x=plays y=song", "bar x=plays", "bar x=plays y=song z=share", "bar x=plays y=title"],
)
def test_a_chart_that_cannot_be_is_told_with_the_name_of_the_file(header: str) -> None:
    with pytest.raises(HeaderError, match=r"asked\.sql: .*chart"):
        chart_spec(answer(PLAYS, header))


def rows_of(spec: dict[str, Any] | None) -> list[dict[str, Any]]:
    assert spec
    rows: list[dict[str, Any]] = spec["datasets"]["rows"]
    return rows


def test_bars_are_labelled_and_what_leads_stands_out() -> None:
    asked = answer(PLAYS, "bar x=plays y=song,artist", ("A", "B", 5, 0.5), ("C", None, 5, 0.25))
    rows = rows_of(chart(asked))
    assert [(row["label"], row["text"], row["leads"]) for row in rows] == [
        ("A · B", "5", True),
        ("C", "5", True),
    ]
    assert rows[0]["tip"] == "song\tA\nartist\tB\nplays\t5\nshare\t50%"
    assert chart(asked)["title"] == {"text": ["plays"], "anchor": "end"}  # type: ignore[index]
    none = [(None, None, 0, 0.0)] * 2
    rows = rows_of(chart(answer(PLAYS, "bar x=plays y=song,artist", *none)))
    assert [(row["label"], row["leads"]) for row in rows] == [("unknown", False)] * 2
    nothing = answer(PLAYS, "bar x=plays y=song,artist", (None, None, 0, 0.0))
    assert chart(nothing) is None, "a bar alone has nothing to be compared with"
    assert chart(answer(PLAYS, "bar x=plays y=song")) is None


def test_few_days_are_bars_and_many_a_line() -> None:
    two = [(date(2018, 11, day), day, 1.0) for day in (1, 2)]
    assert rows_of(chart(answer(DAYS, None, *two)))[0]["label"] == "2018-11-01"
    three = [*two, (date(2018, 11, 3), 3, 2.0)]
    rows = rows_of(chart(answer(DAYS, "line x=day y=plays mean=mean", *three)))
    assert [(row["at"], row["amount"], row["mean"]) for row in rows] == [
        (1541030400000, 1.0, 1.0),
        (1541116800000, 2.0, 1.0),
        (1541203200000, 3.0, 2.0),
    ]


@pytest.mark.parametrize("width", [150, 220, 700, 1300])
def test_the_axis_of_a_month_does_not_reach_the_day_after(width: int) -> None:
    """Else it would name a day that the data does not have."""
    month = [(date(2018, 10, day), day, 1.0) for day in range(1, 32)]
    for header in ("line x=day y=plays", "line x=day y=plays mean=mean"):
        drawn = chart(answer(DAYS, header, *month))
        assert drawn
        padding = drawn["layer"][0]["encoding"]["x"]["scale"]["padding"]
        room = padding if isinstance(padding, int) else eval(padding["expr"], {"width": width})
        assert room < (width - 2 * room) / (len(month) - 1)


def test_a_line_of_counts_falls_to_zero_on_days_without_any() -> None:
    played = [(date(2018, 11, day), day, 0.5) for day in (1, 2, 5)]
    rows = rows_of(chart(answer(DAYS, "line x=day y=plays", *played)))
    day = {milliseconds(date(2018, 11, number)): number for number in range(1, 6)}
    assert sorted((day[row["at"]], row["amount"]) for row in rows) == [
        *[(1, 1.0), (2, 2.0), (3, 0.0), (4, 0.0), (5, 5.0)]
    ]
    assert "day\t2018-11-03\nplays\t0" in [row["tip"] for row in rows]
    shares = rows_of(chart(answer(DAYS, "line x=day y=mean", *played)))
    assert len(shares) == len(played), "the mean of a day without plays is not zero"


def test_cells_that_are_not_known_are_left_out() -> None:
    rows = [(date(2018, 10, 29), 1.0, 0.5), (date(2018, 11, 5), 0.0, None)]
    cells = rows_of(chart(answer(WEEKS, "cohort x=week_1..week_2 y=first", *rows)))
    assert [(one["down"], one["across"], one["text"], one["shade"]) for one in cells] == [
        ("2018-10-29", "1", "100%", 6),
        ("2018-10-29", "2", "50%", 4),
        ("2018-11-05", "1", "0%", 0),
    ]
    lying = chart(answer(WEEKS, "heat x=first y=week_1..week_2", *rows))
    assert {(one["across"], one["down"]) for one in rows_of(lying)} == {
        (one["down"], one["across"]) for one in cells
    }


def test_a_cohort_has_its_size_and_a_legend() -> None:
    formats = {"first": "day", "listeners": "count", "week_1": "percent", "week_2": "percent"}
    rows = [(date(2018, 10, 29), 1234, 1.0, 0.5), (date(2018, 11, 5), 9, 0.25, None)]
    drawn = chart(answer(formats, "cohort x=week_1..week_2 y=first", *rows))
    assert drawn
    assert {one["down"] for one in rows_of(drawn)} == {"2018-10-29 (1,234)", "2018-11-05 (9)"}
    assert drawn["title"]["text"] == ["first (listeners)"]
    assert drawn["params"] == [{"name": "most", "value": "100%"}]
    legend = drawn["layer"][0]["encoding"]["color"]["legend"]
    assert "'0%'" in legend["labelExpr"]


@pytest.mark.parametrize(
    ("column", "days", "hollow"),
    [("week", (4, 7, 7, 5), [True, False, False, True]), ("month", (30, 31, 30, 31), [False] * 4)],
)
def test_weeks_and_months_that_the_data_cuts_are_hollow(
    column: str, days: tuple[int, ...], hollow: list[bool]
) -> None:
    begin = [date(2018, 10, 29), date(2018, 11, 5), date(2018, 11, 12), date(2018, 11, 19)]
    if column == "month":
        begin = [date(2018, month, 1) for month in (9, 10, 11, 12)]
    formats = {column: "day", "hours": "number", "days": "count"}
    rows = [(one, 2.0, many) for one, many in zip(begin, days, strict=True)]
    drawn = chart(answer(formats, f"line x={column} y=hours", *rows))
    assert drawn
    assert [row["partial"] for row in rows_of(drawn)] == hollow
    assert drawn["title"]["text"][0] == f"hours by {column}"
    assert ("hollow" in drawn["title"]["text"][-1]) is any(hollow)


def test_small_counts_stand_at_whole_axes_and_ranges_are_short() -> None:
    rows = [(date(2018, 11, day), day % 2, 1.0) for day in range(1, 5)]
    for header in ("line x=day y=plays", "line x=day y=plays mean=mean"):
        drawn = chart(answer(DAYS, header, *rows))
        assert drawn
        steps = [
            axis.get("tickMinStep")
            for layer in drawn["layer"]
            if (axis := layer["encoding"]["y"].get("axis"))
        ]
        assert {*steps} == {1}
    drawn = chart(answer(DAYS, "line x=day y=mean", *[(*row[:2], 0.5) for row in rows]))
    assert drawn
    assert "tickMinStep" not in str(drawn)
    sizes = {"songs": "", "sessions": "count"}
    found = [("1", 5), ("2 to 5", 3), ("more than 50", 1)]
    drawn = chart(answer(sizes, "bar x=songs y=sessions", *found))
    assert drawn
    assert [row["label"] for row in rows_of(drawn)] == ["1", "2\N{EN DASH}5", "more than 50"]
    assert drawn["title"]["text"] == ["sessions by songs"]


def test_what_acts_unseen_is_shown() -> None:
    assert visible("a\u202eb\x1b\x85c\td\ne\u2066") == "a\ufffdb\ufffd\ufffdc\td\ne\ufffd"
    assert one_line("a\tb\nc") == "a\ufffdb\ufffdc"
    assert visible(5) == 5


def test_the_trend_compares_two_weeks_or_says_nothing() -> None:
    assert change([1.0] * 7 + [2.0] * 7) == 1
    assert change([9.0] + [2.0] * 7 + [1.0] * 7) == -0.5
    assert change([1.0] * 13) is None
    assert change([0.0] * 7 + [1.0] * 7) is None
    assert newest_mean([100.0] + [2.0] * 7) == 2
    assert newest_mean([1.0, 3.0]) == 2


# The statements behind the days, a second time in plain Python


def naive_days(tables: Tables) -> list[tuple[Any, ...]]:
    groups = defaultdict(list)
    for play in tables["songplays"]:
        for level in ("all", play["level"]):
            groups[play["start_time"].date(), level].append(play)
    return [
        (
            day,
            level,
            len({play["user_id"] for play in plays}),
            len({play["user_id"] for play in plays if play["level"] == "paid"}),
            len(plays),
            sum(play["song_id"] is not None for play in plays),
        )
        for (day, level), plays in sorted(groups.items())
    ]


def naive_hours(tables: Tables) -> dict[tuple[Any, ...], tuple[int, float]]:
    counts: Counter[tuple[Any, ...]] = Counter()
    seconds: Counter[tuple[Any, ...]] = Counter()
    for event in heard(tables):
        key = (event["ts"].date(), event["ts"].hour, event["level"])
        counts[key] += 1
        seconds[key] += event["length"] or 0
    return {key: (counts[key], seconds[key]) for key in sorted(counts)}


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_of_the_days_are_those_of_the_records(seed: int, tmp_path: Path) -> None:
    tables = world(seed)
    wanted = [report_queries[name].sql for name in ("listening_days", "listening_hours")]
    with on_duckdb() as duck, on_postgres() as postgres:
        for reader in (duck, postgres):
            reader.fill(tables, tmp_path)
            days, hours = reader.read_all(wanted)
            assert days.rows == naive_days(tables)
            expected = naive_hours(tables)
            assert [tuple(row[:3]) for row in hours.rows] == [*expected]
            assert [row[3] for row in hours.rows] == [plays for plays, _ in expected.values()]
            assert [row[4] for row in hours.rows] == pytest.approx(
                [heard for _, heard in expected.values()], abs=1e-4
            )
            found = daily(days, hours)
            assert sum(sum(day.by_hour) for day in found) == 2 * len(tables["songplays"])
            assert all(sum(day.by_hour) == day.plays for day in found)
