"""The head of the page: tiles with the figures that matter, and the explorer below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..analysis import Answer
from ..wording import shown
from . import marks
from .charts import milliseconds
from .daily import Day, change, newest_mean, of_level
from .findings import Findings

SPARK_DAYS = 30
_SPARK_HOURS = 48
_CELL = 27
_MOMENT = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True)
class Tile:
    """One figure with its trend.

    detail: what the figure rests on; trend: how it goes, in words; drawn: what the small chart
    shows, in words; chart: the small chart.
    """

    name: str
    title: str
    figure: str
    detail: str
    trend: str
    drawn: str
    chart: dict[str, Any] | None


@dataclass(frozen=True)
class _Series:
    """Where a tile's figure and trend come from: an answer's row, and an amount of each day."""

    name: str
    title: str
    question: str
    column: str
    form: str
    detail: str
    amounts: str
    unit: str


_SERIES = (
    _Series("listeners", "Listeners", "paying_listeners", "all_listeners", "count",
            "have played a song", "listeners", "a day"),
    _Series("paying", "Paying share", "paying_listeners", "all_share", "percent",
            "of the listeners have played as paying", "paying_share", "of a day's listeners"),
    _Series("plays", "Plays", "catalogue_match", "all_plays", "count",
            "songs were played", "plays", "a day"),
    _Series("hours", "Hours of music", "hours_served", "all_hours", "number",
            "hours were served", "hours", "a day"),
    _Series("match", "Match share", "catalogue_match", "matched_share", "percent",
            "of the plays are of catalogue songs", "match_share", "of a day's plays"),
)  # fmt: skip


def tiles(findings: Findings, days: Sequence[Day]) -> list[Tile]:
    """Return the tiles that the warehouse has figures for."""
    answers = {answer.name: answer for answer in findings.answers}
    everybody = of_level(days, "all")
    found = [_tile(one, answers, everybody) for one in _SERIES]
    return [tile for tile in (*found, _freshness(findings.state, everybody)) if tile]


def _tile(series: _Series, answers: Mapping[str, Answer], days: Sequence[Day]) -> Tile | None:
    answer = answers.get(series.question)
    value = answer.lead.get(series.column) if answer else None
    if value is None or not days:
        return None
    amounts = [_amount(day, series.amounts) for day in days]
    form = "percent" if series.form == "percent" else "number"
    mean = shown(newest_mean(amounts), form)
    span = min(7, len(days))
    trend = f"{mean} {series.unit} in the newest {shown(span, 'count day')}"
    trend += _turn(amounts, points=form == "percent")
    spark = [
        (day.day, amount, shown(amount, form))
        for day, amount in zip(days[-SPARK_DAYS:], amounts[-SPARK_DAYS:], strict=True)
    ]
    drawn = f"{series.title} on the newest {shown(len(spark), 'count day')}, {_range(spark)}"
    return Tile(
        series.name,
        series.title,
        shown(value, series.form),
        series.detail,
        trend,
        drawn,
        _spark(spark),
    )


def _turn(amounts: Sequence[float], *, points: bool) -> str:
    """Say how the newest seven days differ from the seven before, if they do."""
    turn = change(amounts)
    if turn is None:
        return ""
    if points:
        turn = newest_mean(amounts) - newest_mean(amounts[:-7])
    figure = f"{100 * turn:+.1f}".replace("-", "\u2212")
    if figure[1:] == "0.0":
        return ", as in the seven before"
    return f", {figure}{' points' if points else '%'} on the seven before"


def _amount(day: Day, name: str) -> float:
    if name == "paying_share":
        return day.paying / day.listeners if day.listeners else 0.0
    if name == "match_share":
        return day.matched / day.plays if day.plays else 0.0
    return float(getattr(day, name))


def _freshness(state: Mapping[str, Any], days: Sequence[Day]) -> Tile | None:
    newest = state["freshness"]["newest_event"]
    if not newest or not days:
        return None
    moment = datetime.fromisoformat(newest)
    last = datetime(days[-1].day.year, days[-1].day.month, days[-1].day.day)
    counts = {
        datetime(one.day.year, one.day.month, one.day.day) + timedelta(hours=hour): plays
        for one in days[-3:]
        for hour, plays in enumerate(one.by_hour)
    }
    end = max(last, moment.replace(minute=0, second=0, microsecond=0))
    hours = [end - timedelta(hours=back) for back in reversed(range(_SPARK_HOURS))]
    spark = [(at, counts.get(at, 0), shown(counts.get(at, 0), "count")) for at in hours]
    finished = state["runs"][0]["finished_at"][:16] if state["runs"] else ""
    return Tile(
        "freshness",
        "Newest event",
        shown(moment, "day"),
        f"at {moment:%H:%M} UTC",
        f"loaded at {finished} UTC" if finished else "",
        f"Plays in each of the last {_SPARK_HOURS} hours of the data, {_range(spark)}",
        _spark(spark),
    )


def _range(spark: Sequence[tuple[Any, float, str]]) -> str:
    least, most = (pick(spark, key=lambda one: one[1])[2] for pick in (min, max))
    return f"between {least} and {most}"


def _spark(spark: Sequence[tuple[Any, float, str]]) -> dict[str, Any] | None:
    if len(spark) < 2:
        return None
    rows = [
        {
            "at": milliseconds(at),
            "amount": amount,
            "newest": number == len(spark),
            "tip": f"{shown(at, 'moment' if isinstance(at, datetime) else 'day')}\t{text}",
        }
        for number, (at, amount, text) in enumerate(spark, start=1)
    ]
    return marks.sparkline(rows)


def explorer() -> dict[str, dict[str, Any]]:
    """Return the charts of the explorer, by name; the page puts the chosen days into them."""
    return {
        "plays": marks.bars_and_mean(("plays", "mean of seven days")),
        "listeners": marks.lines(["listeners"]),
        "hours": marks.lines(["hours"]),
        "week": marks.cells_of(7 * _CELL),
    }
