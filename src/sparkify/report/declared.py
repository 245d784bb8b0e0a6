"""What a question's header says of its chart, and what is drawn when it says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..analysis import Answer
from ..sql_queries import HeaderError

KINDS = frozenset({"bar", "line", "cohort", "heat", "funnel"})
MEASURES = frozenset({"count", "number", "percent"})
"""Formats of columns that can be a length, a height or a shade."""
_DAYS = frozenset({"day", "month", "moment"})
_SPAN = re.compile(r"(?P<stem>\w+_)(?P<first>\d+)\.\.(?P=stem)(?P<last>\d+)")


@dataclass(frozen=True)
class Declared:
    """A chart as a header declares it: columns of the answer, each by its name.

    across: whether the amounts are on the x axis; mean: the column of a line that smooths `y`, if
    there is one.
    """

    kind: str
    x: tuple[str, ...]
    y: tuple[str, ...]
    across: bool
    mean: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that are drawn."""
        return (*self.x, *self.y, *((self.mean,) if self.mean else ()))


def declared(answer: Answer) -> Declared | None:
    """Return how to draw an answer; None when its columns give nothing to draw.

    Raises HeaderError when the header asks for a chart that cannot be.
    """
    chart = _parsed(answer) if answer.chart else _suggested(answer)
    if chart and not set(chart.columns) <= set(answer.columns):
        missing = ", ".join(sorted(set(chart.columns) - set(answer.columns)))
        raise HeaderError(answer.name, f"chart draws {missing}, which is not shown")
    return chart


def _parsed(answer: Answer) -> Declared:
    kind, *pairs = str(answer.chart).split()
    axes = dict(pair.partition("=")[::2] for pair in pairs)
    if kind not in KINDS or not {"x", "y"} <= set(axes) <= {"x", "y", "mean"}:
        raise HeaderError(answer.name, f"not a chart: {answer.chart!r}")
    x, y = (_columns(axes[axis], answer.columns) for axis in ("x", "y"))
    return Declared(kind, x, y, _measures(answer) >= {*x}, axes.get("mean"))


def _columns(text: str, shown: Sequence[str]) -> tuple[str, ...]:
    """Read `a`, `a,b`, `week_1..week_8` (counted) or `monday..sunday` (as the columns stand)."""
    if match := _SPAN.fullmatch(text):
        numbers = range(int(match["first"]), int(match["last"]) + 1)
        return tuple(f"{match['stem']}{number}" for number in numbers)
    first, between, last = text.partition("..")
    if between and {first, last} <= set(shown):
        return tuple(shown[shown.index(first) : shown.index(last) + 1])
    return tuple(text.split(","))


def _suggested(answer: Answer) -> Declared | None:
    """Draw the first measure over days, or else by the columns that stand before it."""
    measures = _measures(answer)
    days = _days(answer)
    measure = next((column for column in answer.columns if column in measures), None)
    if measure is None:
        return None
    if days:
        return Declared("line", (days[0],), (measure,), across=False)
    labels = answer.columns[: answer.columns.index(measure)]
    return Declared("bar", (measure,), labels, across=True) if labels else None


def _measures(answer: Answer) -> set[str]:
    """Name the columns whose formats are those of amounts."""
    formats = zip(answer.columns, answer.formats, strict=True)
    return {column for column, form in formats if form.partition(" ")[0] in MEASURES}


def _days(answer: Answer) -> list[str]:
    found = []
    for number, (column, form) in enumerate(zip(answer.columns, answer.formats, strict=True)):
        values = [row[number] for row in answer.rows]
        if form in _DAYS or (not form and values and all(isinstance(v, date) for v in values)):
            found.append(column)
    return found
