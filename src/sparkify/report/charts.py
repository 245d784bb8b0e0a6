"""The charts of the questions: an answer and its declaration become a Vega-Lite specification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from ..analysis import Answer
from ..wording import shown
from . import marks
from .declared import Declared, declared
from .text import one_line

FEW_DAYS = 2
"""With so few points a line is none, so they are drawn as bars."""
_FEW_TICKS = 12


def chart(answer: Answer) -> marks.Spec | None:
    """Draw an answer; None when it has no rows, or nothing that can be drawn.

    Returns a Vega-Lite specification with its data, in JSON values. Raises HeaderError when the
    question's header declares a chart that cannot be.
    """
    wanted = declared(answer)
    if wanted is None or not answer.rows:
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
        """Name a row."""
        texts = [self.texts[number][column] for column in columns]
        name = " · ".join(filter(None, texts)) or "unknown"
        return f"User {name}" if columns[0] == "user_id" else name

    def tip(self, number: int) -> str:
        """Tell all of a row: a line for each column, name and text apart by a tab."""
        texts = self.texts[number]
        return "\n".join(f"{words(name)}\t{text}" for name, text in texts.items() if text)

    def table(self, labels: Sequence[str], measure: str) -> list[dict[str, Any]]:
        """Give each row as a mark: place, label, amount, its text, and what leads."""
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
    """Write a column's name as words."""
    return column.replace("_", " ")


def milliseconds(day: date) -> int:
    """Return a day or moment as JavaScript counts time, UTC."""
    moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _amount(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _bars(rows: _Rows, wanted: Declared) -> marks.Spec:
    """Draw amounts of named things: lying where the amount is x, standing where it is y."""
    if wanted.across:
        return _ranked(rows, wanted.y, wanted.x[0])
    return marks.columns(rows.table(wanted.x, wanted.y[0]), percent=rows.percent(wanted.y[0]))


def _ranked(rows: _Rows, labels: Sequence[str], measure: str) -> marks.Spec:
    amounts = [_amount(row[measure]) for row in rows.values]
    whole = rows.percent(measure) and max(amounts) <= 1
    return marks.ranked(rows.table(labels, measure), whole=whole)


def _funnel(rows: _Rows, wanted: Declared) -> marks.Spec:
    return marks.funnel(rows.table(wanted.y, wanted.x[0]))


def _line(rows: _Rows, wanted: Declared) -> marks.Spec:
    (x,), y = wanted.x, wanted.y
    if len(rows.values) <= FEW_DAYS:
        return _ranked(rows, [x], y[0])
    points = [
        {
            "at": milliseconds(row[x]),
            "series": words(column),
            "amount": _amount(row[column]),
            "mean": row[wanted.mean] if wanted.mean else None,
            "tip": rows.tip(number),
        }
        for number, row in enumerate(rows.values)
        for column in y
    ]
    percent = rows.percent(y[0])
    if wanted.mean:
        names = (words(y[0]), words(wanted.mean))
        return marks.filled(marks.bars_and_mean(names, percent=percent), points)
    days = [row[x] for row in rows.values]
    lines = marks.lines(
        [words(column) for column in y],
        percent=percent,
        ticks=days if len(days) <= _FEW_TICKS else (),
    )
    return marks.filled(lines, points)


def _cells(rows: _Rows, wanted: Declared) -> marks.Spec:
    """Draw many columns of amounts as one field of cells; the labels may be on either axis."""
    across = wanted.across
    amounts, labels = (wanted.x, wanted.y) if across else (wanted.y, wanted.x)
    names = _without_stem(amounts)
    most = max((_amount(row[name]) for row in rows.values for name in amounts), default=0)
    found = []
    for number, row in enumerate(rows.values):
        label = rows.label(number, labels)
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
                    "shade": marks.shade(_amount(row[column]), most),
                    "text": text,
                    "tip": f"{words(labels[0])}\t{label}\n{words(column)}\t{text}",
                }
            )
    return marks.cells(found, title=_stem(amounts), texts=wanted.kind == "cohort")


def _stem(columns: Sequence[str]) -> str:
    """Return what counted columns have in common: `week` of week_1, week_2."""
    stems = {column.rpartition("_")[0] for column in columns if column[-1].isdigit()}
    return words(stems.pop()) if len(stems) == 1 else ""


def _without_stem(columns: Sequence[str]) -> list[str]:
    if _stem(columns):
        return [column.rpartition("_")[2] for column in columns]
    return [words(column).capitalize() for column in columns]


_DRAW: Mapping[str, Callable[[_Rows, Declared], marks.Spec]] = {
    "bar": _bars,
    "line": _line,
    "cohort": _cells,
    "heat": _cells,
    "funnel": _funnel,
}
