"""The chart of a question: what its header declares, drawn from the rows of its answer."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ..analysis import Answer
from ..analysis.templates import shown
from ..redact import UNSAFE
from ..sql_queries import HeaderError
from . import vega

KINDS = frozenset({"bar", "line", "cohort", "heat", "funnel"})
MEASURES = frozenset({"count", "number", "percent"})
"""Formats of columns that can be a length, a height or a shade."""
FEW_DAYS = 2
"""A line through so few points shows nothing, so they are drawn as bars."""
_FEW_TICKS = 12
_MOST_DAYS = 1000
_DAYS = frozenset({"day", "month", "moment"})
_RANGE = re.compile(r"(?<=\d) to (?=\d)")
_SPAN = re.compile(r"(?P<stem>\w+_)(?P<first>\d+)\.\.(?P=stem)(?P<last>\d+)")
_UNSEEN = re.compile(rf"(?![\t\n]){UNSAFE}")


@dataclass(frozen=True)
class ChartSpec:
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


def chart_spec(answer: Answer) -> ChartSpec | None:
    """Return how to draw an answer; None when its columns give nothing to draw.

    Raises HeaderError when the header asks for a chart that cannot be.
    """
    if answer.chart == "none":
        return None
    chart = _parsed(answer) if answer.chart else _suggested(answer)
    if chart and not set(chart.columns) <= set(answer.columns):
        missing = ", ".join(sorted(set(chart.columns) - set(answer.columns)))
        raise HeaderError(answer.name, f"chart draws {missing}, which is not shown")
    return chart


def _parsed(answer: Answer) -> ChartSpec:
    kind, *pairs = str(answer.chart).split()
    axes = dict(pair.partition("=")[::2] for pair in pairs)
    if kind not in KINDS or not {"x", "y"} <= set(axes) <= {"x", "y", "mean"}:
        raise HeaderError(answer.name, f"not a chart: {answer.chart!r}")
    x, y = (_columns(axes[axis], answer.columns) for axis in ("x", "y"))
    return ChartSpec(kind, x, y, _measures(answer) >= {*x}, axes.get("mean"))


def _columns(text: str, shown: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of `a`, `a,b`, `week_1..week_8` (counted) or `monday..sunday` (shown)."""
    if match := _SPAN.fullmatch(text):
        numbers = range(int(match["first"]), int(match["last"]) + 1)
        return tuple(f"{match['stem']}{number}" for number in numbers)
    first, between, last = text.partition("..")
    if between and {first, last} <= set(shown):
        return tuple(shown[shown.index(first) : shown.index(last) + 1])
    return tuple(text.split(","))


def _suggested(answer: Answer) -> ChartSpec | None:
    """Return a chart of the first measure over days, or else by the columns before it."""
    measures = _measures(answer)
    measure = next((column for column in answer.columns if column in measures), None)
    if measure is None:
        return None
    for column, form, *values in zip(answer.columns, answer.formats, *answer.rows, strict=True):
        if form in _DAYS or (not form and values and all(isinstance(v, date) for v in values)):
            return ChartSpec("line", (column,), (measure,), across=False)
    labels = answer.columns[: answer.columns.index(measure)]
    return ChartSpec("bar", (measure,), labels, across=True) if labels else None


def _measures(answer: Answer) -> set[str]:
    """Return the columns whose formats are those of amounts."""
    formats = zip(answer.columns, answer.formats, strict=True)
    return {column for column, form in formats if form.partition(" ")[0] in MEASURES}


def chart(answer: Answer) -> vega.Spec | None:
    """Return the Vega-Lite specification of an answer with its data, in JSON values.

    None when it has no rows, or nothing that can be drawn; one row alone is no chart, for its bar
    has nothing to be compared with. Raises HeaderError when the
    question's header declares a chart that cannot be.
    """
    wanted = chart_spec(answer)
    if wanted is None or not answer.rows or (len(answer.rows) == 1 and wanted.kind != "cohort"):
        return None
    return _DRAW[wanted.kind](_Rows(answer), wanted)


class _Rows:
    """The rows of an answer, by column, as values and as texts."""

    def __init__(self, answer: Answer) -> None:
        self.formats = dict(zip(answer.columns, answer.formats, strict=True))
        self.values = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        self.texts = [
            dict(zip(answer.columns, map(one_line, row), strict=True)) for row in answer.texts()
        ]

    def percent(self, column: str) -> bool:
        """Whether a column holds shares."""
        return self.formats[column].partition(" ")[0] == "percent"

    def label(self, number: int, columns: Sequence[str]) -> str:
        """Return the name of a row."""
        texts = [self.texts[number][column] for column in columns]
        name = " · ".join(filter(None, texts)) or "unknown"
        return f"User {name}" if columns[0] == "user_id" else name

    def partial(self, number: int, column: str) -> bool:
        """Whether the week or month of a row has fewer days with plays than it has days."""
        row = self.values[number]
        if column not in ("week", "month") or "days" not in row:
            return False
        begins = row[column]
        days = 7 if column == "week" else calendar.monthrange(begins.year, begins.month)[1]
        return int(row["days"]) < days

    def tip(self, number: int) -> str:
        """Return a row in full: a line for each column, name and text separated by a tab."""
        texts = self.texts[number]
        return "\n".join(f"{words(name)}\t{text}" for name, text in texts.items() if text)

    def table(self, labels: Sequence[str], measure: str) -> list[dict[str, Any]]:
        """Return each row as a mark: place, label, amount, its text, and what leads."""
        most = max((_amount(row[measure]) for row in self.values), default=0)
        return [
            {
                "place": number,
                "label": self.label(number, labels),
                "amount": (amount := _amount(row[measure])),
                "text": self.texts[number][measure],
                "leads": amount == most > 0,
                "tip": self.tip(number),
            }
            for number, row in enumerate(self.values)
        ]


def words(column: str) -> str:
    """Return a column's name as words."""
    return column.replace("_", " ")


def milliseconds(day: date) -> int:
    """Return a day or moment in milliseconds since 1970, UTC, as JavaScript counts."""
    moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _amount(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _bars(rows: _Rows, wanted: ChartSpec) -> vega.Spec:
    """Draw amounts of named things: lying where the amount is x, standing where it is y."""
    if wanted.across:
        return _ranked(rows, wanted.y, wanted.x[0])
    y = wanted.y[0]
    table = rows.table(wanted.x, y)
    for row in table:
        row["label"] = _RANGE.sub("\N{EN DASH}", row["label"])
    return vega.titled(vega.columns(table, percent=rows.percent(y)), _by(y, wanted.x[0]))


def _ranked(rows: _Rows, labels: Sequence[str], measure: str) -> vega.Spec:
    amounts = [_amount(row[measure]) for row in rows.values]
    whole = rows.percent(measure) and max(amounts) <= 1
    chart = vega.ranked(rows.table(labels, measure), whole=whole)
    return vega.titled(chart, words(measure), right=True)


def _by(measure: str, column: str) -> str:
    return f"{words(measure)} by {words(column)}"


def _funnel(rows: _Rows, wanted: ChartSpec) -> vega.Spec:
    measure = wanted.x[0]
    return vega.titled(vega.funnel(rows.table(wanted.y, measure)), words(measure))


def _line(rows: _Rows, wanted: ChartSpec) -> vega.Spec:
    (x,), y = wanted.x, wanted.y
    if len(rows.values) <= FEW_DAYS:
        return _ranked(rows, [x], y[0])
    points = [
        {
            "at": milliseconds(row[x]),
            "series": words(column),
            "amount": _amount(row[column]),
            "mean": row[wanted.mean] if wanted.mean else None,
            "partial": rows.partial(number, x),
            "tip": rows.tip(number),
        }
        for number, row in enumerate(rows.values)
        for column in y
    ]
    percent, whole = rows.percent(y[0]), vega.are_whole(points)
    if x == "day" and all(rows.formats[column] == "count" for column in y):
        points += _days_without(points)
    if wanted.mean:
        names = (words(y[0]), words(wanted.mean))
        return vega.filled(vega.bars_and_mean(names, percent=percent, whole=whole), points)
    days = [row[x] for row in rows.values]
    ticks = days if len(days) <= _FEW_TICKS else ()
    partial = any(point["partial"] for point in points)
    chart = vega.lines([*map(words, y)], percent=percent, whole=whole, partial=partial, ticks=ticks)
    title = _by(y[0], x) if len(y) == 1 else f"by {words(x)}"
    hollow = [f"hollow: days of the {x} have no plays"] if partial else []
    return vega.titled(vega.filled(chart, points), title, *hollow)


def _days_without(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a point at zero for each day without a row of counts: a line would pass over it."""
    day, known = milliseconds(date(1970, 1, 2)), {point["at"] for point in points}
    if any(at % day for at in known) or max(known) - min(known) > _MOST_DAYS * day:
        return []
    without = [at for at in range(min(known), max(known), day) if at not in known]
    tips = {at: datetime.fromtimestamp(at / 1000, UTC).date() for at in without}
    return [
        {
            "at": at,
            "series": name,
            "amount": 0.0,
            "mean": None,
            "partial": False,
            "tip": f"day\t{tips[at]}\n{name}\t0",
        }
        for at in without
        for name in dict.fromkeys(point["series"] for point in points)
    ]


def _cells(rows: _Rows, wanted: ChartSpec) -> vega.Spec:
    """Draw many columns of amounts as one field of cells; the labels may be on either axis."""
    across = wanted.across
    amounts, labels = (wanted.x, wanted.y) if across else (wanted.y, wanted.x)
    names = _without_stem(amounts)
    most = max((_amount(row[name]) for row in rows.values for name in amounts), default=0)
    found = []
    for number, row in enumerate(rows.values):
        label = rows.label(number, labels)
        size = rows.texts[number].get("listeners") if wanted.kind == "cohort" else None
        label = f"{label} ({size})" if size else label
        for place, (column, name) in enumerate(zip(amounts, names, strict=True)):
            if row[column] is None:
                continue
            text = shown(row[column], rows.formats[column])
            x, y = ((place, name), (number, label)) if across else ((number, label), (place, name))
            found.append(
                {
                    "column": x[0],
                    "across": x[1],
                    "row": y[0],
                    "down": y[1],
                    "shade": vega.shade(_amount(row[column]), most),
                    "text": text,
                    "tip": f"{words(labels[0])}\t{label}\n{words(column)}\t{text}",
                }
            )
    form = rows.formats[amounts[0]]
    ends = (shown(0, form), shown(most, form))
    spec = vega.cells(found, title=_stem(amounts), texts=wanted.kind == "cohort", ends=ends)
    if wanted.kind == "cohort" and "listeners" in rows.formats:
        return vega.titled(spec, f"{words(labels[0])} (listeners)")
    return spec


def _stem(columns: Sequence[str]) -> str:
    """Return what numbered columns have in common: `week` of week_1, week_2."""
    stems = {column.rpartition("_")[0] for column in columns if column[-1].isdigit()}
    return words(stems.pop()) if len(stems) == 1 else ""


def _without_stem(columns: Sequence[str]) -> list[str]:
    if _stem(columns):
        return [column.rpartition("_")[2] for column in columns]
    return [words(column).capitalize() for column in columns]


_DRAW: Mapping[str, Callable[[_Rows, ChartSpec], vega.Spec]] = {
    "bar": _bars,
    "line": _line,
    "cohort": _cells,
    "heat": _cells,
    "funnel": _funnel,
}


def visible(value: Any) -> Any:
    """Return a text with its unseen characters replaced; any other value as it is.

    Text that is marked as safe is the page's own, and stays as well.
    """
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _UNSEEN.sub("\ufffd", value)
    return value


def one_line(value: str) -> str:
    """Return a text on one line, for labels and tooltips, whose lines and tabs have a meaning."""
    return str(visible(value.replace("\n", "\ufffd").replace("\t", "\ufffd")))
