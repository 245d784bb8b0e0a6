"""The page: one HTML file with everything in it, that makes no request."""

from __future__ import annotations

import base64
import calendar
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import compress
from pathlib import PurePosixPath
from typing import Any

import jinja2
from altair.utils.schemapi import debug_mode

from .. import __version__, analysis
from ..analysis import Answer
from ..analysis.templates import shown
from ..quality import OUTCOMES, CheckResult
from . import vega
from .chart_spec import FEW_DAYS, MEASURES, chart, chart_spec, milliseconds, visible, words
from .data import LEVELS, Day, ReportData, as_columns, change, daily, newest_mean, of_level, star

GROUPS: Mapping[str, tuple[str, str]] = {
    "music": ("Music", "What is played, and what goes together"),
    "listeners": ("Listeners", "Who listens, how much, and who comes back"),
    "money": ("Money", "Who pays, and how they came to it"),
    "time": ("Time", "When people listen, and how much was served"),
    "places": ("Places", "Where listeners are"),
    "catalogue": ("Catalogue", "How catalogue and listening fit"),
    "other": ("More questions", "Asked besides"),
}
"""The groups of questions in their order: title and what they are about."""

_SUMMARY = {
    "hours_served": "Listening",
    "daily_plays": "Growth",
    "paying_listeners": "Paying",
    "top_artists": "Music",
    "returning_listeners": "Loyalty",
}
"""The questions whose sentences may stand at the head, the first three that have an answer."""
_SUMMARY_LINES = 3
_PERIODS = (7, 14, 30, 90, 366)
_LONGEST_FIRST_PERIOD = 92
_MANY_COLUMNS = 12
_LIKE_HEIGHT = 100
_BESIDE_HEIGHT = 150
_RAW_CHARACTERS = 400
_SPARK_DAYS = 30
_SPARK_HOURS = 48
_CELL = 27
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True)
class Card:
    """A question on the page; wide where its chart needs the width.

    numeric: which columns are amounts; height: of the chart, in pixels, about.
    """

    answer: Answer
    chart: vega.Spec | None
    numeric: tuple[bool, ...]
    wide: bool
    height: int

    @property
    def beside(self) -> bool:
        """Whether the chart stands beside the words, where there is room."""
        return self.wide and self.height >= _BESIDE_HEIGHT


@debug_mode(False)  # validating each part of a chart takes seconds; the tests do it
def render(report: ReportData, made_at: datetime) -> str:
    """Return the page as HTML. made_at: when, UTC.

    Raises HeaderError when a question's header declares a chart that cannot be.
    """
    days = daily(report.days, report.hours)
    sections = _sections(report.answers)
    shown_tiles = tiles(report, days)
    data = _data(days, shown_tiles, sections, reconciled(report.state["runs"]))
    periods = _periods(days)
    scripts = [asset("theme.js")]
    if data["charts"]:
        scripts += [vega.library(), asset("page.js")]
    scripts.append(asset("toggle.js"))
    style = asset("page.css")
    return template("page.html").render(
        report=report,
        version=__version__,
        made_at=shown(made_at, "moment"),
        policy=_policy(scripts, style),
        scripts=scripts,
        style=style,
        data=data,
        tiles=shown_tiles,
        sections=sections,
        questions=_planned() if report.empty else {},
        headline=headline(days[0].day, days[-1].day) if days else "",
        summary=summary(report.answers),
        unfiltered=sum(bool(answer.left_out) for answer in report.answers),
        levels=[
            level
            for level in LEVELS
            if level in data["days"] and report.filters.level in (None, level)
        ],
        periods=periods,
        first_period=max(
            (length for length, _ in periods if length <= _LONGEST_FIRST_PERIOD), default=0
        ),
        tables=star(report.state["tables"]),
        words=words,
        **quality(report),
    )


def _data(
    days: Sequence[Day],
    tiles: Sequence[Mapping[str, Any]],
    sections: Sequence[Mapping[str, Any]],
    records: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Return what the page's script draws and saves."""
    cards: list[Card] = [card for section in sections for card in section["cards"]]
    charts = {f"tile-{one['name']}": one["chart"] for one in tiles if one["chart"]}
    charts |= {card.answer.name: card.chart for card in cards if card.chart}
    if any(one["amount"] for one in records):
        charts["reconciled"] = vega.reconciled(records)
    answers = [card.answer.as_json() for card in cards]
    explorer = {  # the page puts the days that are chosen into these
        "plays": vega.bars_and_mean(("plays", "mean of seven days"), whole=True),
        "listeners": vega.lines(["listeners"], whole=True),
        "hours": vega.lines(["hours"]),
        "week": vega.cells_of(7 * _CELL),
    }
    return {
        "config": vega.config(),
        "charts": charts,
        "explorer": explorer if days else {},
        "days": as_columns(days),
        "tables": {one["name"]: {key: one[key] for key in ("columns", "rows")} for one in answers},
    }


# The head


def headline(first: date, last: date) -> str:
    """Return the days from the first to the last, with months by name and nothing twice."""
    end = f"{last.day} {calendar.month_name[last.month]} {last.year}"
    if first == last:
        return end
    month = f" {calendar.month_name[first.month]}" if first.month != last.month else ""
    if first.year != last.year:
        month = f" {calendar.month_name[first.month]} {first.year}"
    return f"{first.day}{month} to {end}"


def summary(answers: Sequence[Answer]) -> list[tuple[str, Answer]]:
    """Return the answers at the head, each with the word for what it is about."""
    answered = {one.name: one for one in answers if one.rows and not one.left_out}
    told = [(word, answered[name]) for name, word in _SUMMARY.items() if name in answered]
    return told[:_SUMMARY_LINES]


# The tiles and the explorer


@dataclass(frozen=True)
class _Series:
    """The sources of a tile's figure and trend: an answer's row, and an amount of each day."""

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


def tiles(report: ReportData, days: Sequence[Day]) -> list[dict[str, Any]]:
    """Return the tiles that the warehouse has figures for: each one figure with its trend.

    detail: what the figure rests on; drawn: what its small chart shows, in words. An answer
    that a filter was left out of gives no figure.
    """
    answers = {answer.name: answer for answer in report.answers if not answer.left_out}
    everybody = of_level(days, "all")
    found = [_tile(one, answers, everybody) for one in _SERIES]
    return [tile for tile in (*found, _freshness(report, everybody)) if tile]


def _tile(
    series: _Series, answers: Mapping[str, Answer], days: Sequence[Day]
) -> dict[str, Any] | None:
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
        for day, amount in zip(days[-_SPARK_DAYS:], amounts[-_SPARK_DAYS:], strict=True)
    ]
    drawn = f"{series.title} on the newest {shown(len(spark), 'count day')}, {_range(spark)}"
    return {
        "name": series.name,
        "title": series.title,
        "figure": shown(value, series.form),
        "detail": series.detail,
        "trend": trend,
        "drawn": drawn,
        "chart": _spark(spark),
    }


def _turn(amounts: Sequence[float], *, points: bool) -> str:
    """Return how the newest seven days differ from the seven before, in words."""
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


def _freshness(report: ReportData, days: Sequence[Day]) -> dict[str, Any] | None:
    """Return the tile of the newest event; its plays are not known where days are left out."""
    state = report.state
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
    chart = None if report.filters.given else _spark(spark)
    told = [f"plays by hour, the last {_SPARK_HOURS} hours"] if chart else []
    if state["runs"]:
        told.append(f"loaded at {state['runs'][0]['finished_at'][:16]} UTC")
    return {
        "name": "freshness",
        "title": "Newest event",
        "figure": shown(moment, "day"),
        "detail": f"at {moment:%H:%M} UTC",
        "trend": "; ".join(told),
        "drawn": f"Plays in each of the last {_SPARK_HOURS} hours of the data, {_range(spark)}",
        "chart": chart,
    }


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
    return vega.sparkline(rows)


# The questions


def _sections(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, (title, about) in GROUPS.items():
        mine = [one for one in answers if (one.group if one.group in GROUPS else "other") == name]
        if mine:
            found.append({"name": name, "title": title, "about": about, "cards": _cards(mine)})
    return found


def _cards(answers: Sequence[Answer]) -> tuple[Card, ...]:
    """Return cards in an order for two columns, those of like height side by side.

    A card that is left alone gets the whole width, as does one that needs it.
    """
    cards = [card(answer) for answer in answers]
    wide = [card for card in cards if card.wide]
    narrow = _paired(sorted((card for card in cards if not card.wide), key=lambda one: -one.height))
    return tuple(wide[:1] + narrow + wide[1:] if cards[0].wide else narrow + wide)


def card(answer: Answer) -> Card:
    """Return the card of a question. Raises HeaderError when its chart cannot be drawn."""
    spec = chart(answer)
    height = spec["height"] if spec else 0
    return Card(answer, spec, _numeric(answer), _is_wide(answer, spec), height)


def _paired(cards: list[Card]) -> list[Card]:
    """Return cards in pairs of like height; one without a partner gets the whole width."""
    if len(cards) > 1 and cards[0].height - cards[1].height <= _LIKE_HEIGHT:
        return cards[:2] + _paired(cards[2:])
    return [replace(cards[0], wide=True), *_paired(cards[1:])] if cards else []


def _is_wide(answer: Answer, spec: vega.Spec | None) -> bool:
    wanted = chart_spec(answer) if spec else None
    if wanted is None or len(answer.rows) <= FEW_DAYS:
        return False
    if wanted.kind == "bar":
        return not wanted.across and len(answer.rows) > _MANY_COLUMNS
    return wanted.kind != "funnel"


def _numeric(answer: Answer) -> tuple[bool, ...]:
    return tuple(form.partition(" ")[0] in {*MEASURES, "duration"} for form in answer.formats)


def _planned() -> dict[str, list[str]]:
    """Return the questions by the title of their group, for a page without data."""
    found: dict[str, list[str]] = {title: [] for title, _ in GROUPS.values()}
    for query in analysis.questions().values():
        title, _ = GROUPS.get(query.header.get("group", "other"), GROUPS["other"])
        found[title].append(query.header["question"])
    return {title: asked for title, asked in found.items() if asked}


# The days


def _periods(days: Sequence[Day]) -> list[tuple[int, str]]:
    """Return the periods to choose from, in days, the last of which holds all days."""
    if not days:
        return []
    total = (days[-1].day - days[0].day).days + 1
    shorter = [(one, f"{one} days") for one in _PERIODS if one < total]
    return [*shorter, (total, f"All {total} days" if total > 1 else "1 day")]


# Quality and runs


def quality(report: ReportData) -> dict[str, Any]:
    """Return what `quality.html` shows, besides the report."""
    return {
        "outcomes": [_outcome(one, report.names) for one in report.checks],
        "counts": {word: sum(one.outcome == word for one in report.checks) for word in OUTCOMES},
        "reconciled": reconciled(report.state["runs"]),
        "rejects": _rejects(report),
    }


def _outcome(result: CheckResult, names: bool) -> dict[str, Any]:
    """Return a check with the offending rows that may be shown."""
    kept = [names or column not in analysis.PERSONAL for column in result.columns]
    return {
        "result": result,
        "columns": [*compress(result.columns, kept)],
        "rows": [[*map(shown, compress(row, kept))] for row in result.rows],
    }


def reconciled(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sums of staged, duplicate and rejected records over the runs."""
    found = []
    for kind in ("events", "songs"):
        for place, part in enumerate(("staged", "duplicates", "rejected")):
            amount = sum(run[f"{kind}_{part.removesuffix('s')}"] for run in runs)
            tip = f"{kind}, {part}\t{shown(amount, 'count')}"
            found.append(
                {"kind": kind, "series": part, "place": place, "amount": amount, "tip": tip}
            )
    return found


def _rejects(report: ReportData) -> list[dict[str, str]]:
    """Return the samples of rejects as texts; without names their own text is left out."""
    found = []
    for row in report.rejects.rows:
        one = dict(zip(report.rejects.columns, row, strict=True))
        message = str(one["message"])
        named = any(word in message.lower() for word in ("firstname", "lastname"))
        hidden = named and not report.names
        found.append(
            {
                "place": f"{PurePosixPath(one['uri']).name}, line {one['line_number']:,}",
                "run": str(one["run_id"]),
                "kind": str(one["kind"]),
                "reason": str(one["reason"]),
                "message": "the name of a listener breaks a rule" if hidden else message,
                "raw": str(one["raw_text"])[:_RAW_CHARACTERS] if report.names else "",
            }
        )
    return found


# The file


@cache
def asset(name: str) -> str:
    """Return a file of the page's own: style or script."""
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str], style: str) -> str:
    """Return a policy that allows this page's own scripts and style, by hash, and nothing else."""
    allowed = " ".join(f"'{_hash(one)}'" for one in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_hash(style)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def template(name: str) -> jinja2.Template:
    """Return a template, in which every text is escaped."""
    return _environment().get_template(name)


@cache
def _environment() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader(f"{__package__}", "templates"),
        autoescape=True,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["around_dates"] = _DATE.split
    return found
