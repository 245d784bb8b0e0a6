"""The page: one HTML file with everything in it, that may ask nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .. import __version__, analysis
from ..analysis import Answer
from ..quality import CheckResult
from ..wording import shown
from . import marks, overview, runtime, schema, text, theme
from .charts import FEW_DAYS, chart, words
from .daily import Day, as_columns, daily
from .declared import MEASURES, declared
from .findings import Findings

if TYPE_CHECKING:
    import jinja2

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

_PERIODS = (7, 14, 30, 90, 366)
_LONGEST_FIRST_PERIOD = 92
_MANY_COLUMNS = 12
_LIKE_HEIGHT = 100
_BESIDE_HEIGHT = 150
_RAW_CHARACTERS = 400


@dataclass(frozen=True)
class Card:
    """A question on the page; wide where its chart needs the width.

    numeric: which columns are amounts; height: of the chart, in pixels, about.
    """

    answer: Answer
    chart: marks.Spec | None
    numeric: tuple[bool, ...]
    wide: bool
    height: int

    @property
    def beside(self) -> bool:
        """Whether the chart stands beside the words, where there is room."""
        return self.wide and self.height >= _BESIDE_HEIGHT


@dataclass(frozen=True)
class Section:
    """A group of questions."""

    name: str
    title: str
    about: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Outcome:
    """A check with its outcome in a word, and the offending rows that may be shown."""

    result: CheckResult
    told: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def page(findings: Findings, made_at: datetime) -> str:
    """Write the page. made_at: when, UTC.

    Raises HeaderError when a question's header declares a chart that cannot be.
    """
    from altair.utils import schemapi

    with schemapi.debug_mode(False):  # to validate each part takes seconds; the tests do it
        return _page(findings, made_at)


def _page(findings: Findings, made_at: datetime) -> str:
    days = daily(findings.days, findings.hours)
    sections = _sections(findings.answers)
    outcomes = [_outcome(one, findings.names) for one in findings.checks]
    reconciled = _reconciled(findings.state["runs"])
    tiles = overview.tiles(findings, days)
    data = _data(findings, days, tiles, sections, reconciled)
    scripts = [_asset("theme.js")]
    if data["charts"]:
        scripts += [runtime.library(), _asset("page.js")]
    scripts.append(_asset("toggle.js"))
    style = _asset("page.css")
    return _template("page.html").render(
        findings=findings,
        version=__version__,
        made_at=shown(made_at, "moment"),
        policy=_policy(scripts, style),
        scripts=scripts,
        style=style,
        data=data,
        tiles=tiles,
        sections=sections,
        questions=_planned() if findings.empty else {},
        span=_span(days),
        levels=[level for level in ("all", "free", "paid") if level in data["days"]],
        periods=_periods(days),
        first_period=_first_period(days),
        outcomes=outcomes,
        counts={told: sum(one.told == told for one in outcomes) for told in _TOLD},
        reconciled=reconciled,
        rejects=_rejects(findings),
        tables=schema.drawing(findings.state["tables"]),
        words=words,
    )


def _data(
    findings: Findings,
    days: Sequence[Day],
    tiles: Sequence[overview.Tile],
    sections: Sequence[Section],
    reconciled: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Gather what the page's script draws and saves."""
    cards = [card for section in sections for card in section.cards]
    charts: dict[str, Any] = {f"tile-{one.name}": one.chart for one in tiles if one.chart}
    charts |= {card.answer.name: card.chart for card in cards if card.chart}
    if any(one["amount"] for one in reconciled):
        charts["reconciled"] = marks.reconciled(reconciled)
    answers = [card.answer.as_json() for card in cards]
    return {
        "config": theme.config(),
        "charts": charts,
        "explorer": overview.explorer() if days else {},
        "days": as_columns(days),
        "tables": {one["name"]: {key: one[key] for key in ("columns", "rows")} for one in answers},
    }


# The questions


def _sections(answers: Sequence[Answer]) -> list[Section]:
    found = []
    for name, (title, about) in GROUPS.items():
        mine = [one for one in answers if (one.group if one.group in GROUPS else "other") == name]
        if mine:
            found.append(Section(name, title, about, _cards(mine)))
    return found


def _cards(answers: Sequence[Answer]) -> tuple[Card, ...]:
    """Lay cards out in two columns, those of like height beside each other.

    What remains alone gets the whole width, as does what needs it.
    """
    cards = [
        Card(answer, spec, _numeric(answer), _is_wide(answer, spec), spec["height"] if spec else 0)
        for answer in answers
        for spec in [chart(answer)]
    ]
    wide = [card for card in cards if card.wide]
    narrow = _paired(sorted((card for card in cards if not card.wide), key=lambda one: -one.height))
    return tuple(wide[:1] + narrow + wide[1:] if cards[0].wide else narrow + wide)


def _paired(cards: list[Card]) -> list[Card]:
    """Give the whole width to those that have nobody of like height beside them."""
    if len(cards) > 1 and cards[0].height - cards[1].height <= _LIKE_HEIGHT:
        return cards[:2] + _paired(cards[2:])
    return [replace(cards[0], wide=True), *_paired(cards[1:])] if cards else []


def _is_wide(answer: Answer, spec: marks.Spec | None) -> bool:
    wanted = declared(answer) if spec else None
    if wanted is None or len(answer.rows) <= FEW_DAYS:
        return False
    if wanted.kind == "bar":
        return not wanted.across and len(answer.rows) > _MANY_COLUMNS
    return wanted.kind != "funnel"


def _numeric(answer: Answer) -> tuple[bool, ...]:
    return tuple(form.partition(" ")[0] in {*MEASURES, "duration"} for form in answer.formats)


def _planned() -> dict[str, list[str]]:
    """Name what can be asked once something is loaded: questions by the title of their group."""
    found: dict[str, list[str]] = {}
    for query in analysis.questions().values():
        title, _ = GROUPS.get(query.header.get("group", "other"), GROUPS["other"])
        found.setdefault(title, []).append(query.header["question"])
    return found


# The days


def _span(days: Sequence[Day]) -> tuple[str, str] | None:
    return (shown(days[0].day, "day"), shown(days[-1].day, "day")) if days else None


def _periods(days: Sequence[Day]) -> list[tuple[int, str]]:
    """Return the periods to choose from, in days, the last of which holds all days."""
    if not days:
        return []
    total = (days[-1].day - days[0].day).days + 1
    shorter = [(one, f"{one} days") for one in _PERIODS if one < total]
    return [*shorter, (total, f"All {total} days" if total > 1 else "1 day")]


def _first_period(days: Sequence[Day]) -> int:
    fitting = [length for length, _ in _periods(days) if length <= _LONGEST_FIRST_PERIOD]
    return fitting[-1] if fitting else 0


# Quality and runs

_TOLD = ("passed", "warned", "failed")


def _outcome(result: CheckResult, names: bool) -> Outcome:
    shown_columns = [
        number
        for number, column in enumerate(result.columns)
        if names or column not in analysis.PERSONAL
    ]
    told = "passed" if result.ok else "failed" if result.severity == "fail" else "warned"
    return Outcome(
        result,
        told,
        tuple(result.columns[number] for number in shown_columns),
        tuple(tuple(shown(row[number]) for number in shown_columns) for row in result.rows),
    )


def _reconciled(runs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sum up what became of all records of published runs and the rejects of refused ones."""
    found = []
    runs = list(runs)
    for kind in ("events", "songs"):
        for place, (part, column) in enumerate(
            (("staged", "staged"), ("duplicates", "duplicate"), ("rejected", "rejected"))
        ):
            amount = sum(run[f"{kind}_{column}"] for run in runs)
            tip = f"{kind}, {part}\t{shown(amount, 'count')}"
            found.append(
                {"kind": kind, "series": part, "place": place, "amount": amount, "tip": tip}
            )
    return found


def _rejects(findings: Findings) -> list[dict[str, str]]:
    """Return the samples of rejects as texts; without names their own text is left out."""
    found = []
    for row in findings.rejects.rows:
        one = dict(zip(findings.rejects.columns, row, strict=True))
        message = str(one["message"])
        named = any(word in message.lower() for word in ("firstname", "lastname"))
        hidden = named and not findings.names
        found.append(
            {
                "place": f"{PurePosixPath(one['uri']).name}, line {one['line_number']:,}",
                "run": str(one["run_id"]),
                "kind": str(one["kind"]),
                "reason": str(one["reason"]),
                "message": "the name of a listener breaks a rule" if hidden else message,
                "raw": str(one["raw_text"])[:_RAW_CHARACTERS] if findings.names else "",
            }
        )
    return found


# The file


@cache
def _asset(name: str) -> str:
    file = files(__package__).joinpath("templates", name)
    return file.read_text(encoding="utf-8")


def _policy(scripts: Sequence[str], style: str) -> str:
    """Allow this page's own scripts and style, by their hashes, and nothing else."""
    allowed = " ".join(f"'{_hash(one)}'" for one in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_hash(style)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader(f"{__package__}", "templates"),
        autoescape=True,
        finalize=text.visible,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)
