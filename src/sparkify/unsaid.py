"""What a question leaves unsaid: the form of its columns, and its sentence.

Guessed from the names of the columns and from their values, so that a file with a question and a
statement already reads well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from . import wording
from .wording import Row

TIED = "tied"
"""The column that counts who shares the lead: for the sentence, not for the table."""

_NAMES = ("id", "year", "decade", "month", "week", "weekday", "day", "hour")
"""How columns end whose whole numbers name something, and count nothing."""


def columns(names: Sequence[str], rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns to show and the format of each."""
    shown = tuple(name for name in names if name != TIED)
    return shown, tuple(_format(name, [row[name] for row in rows]) for name in shown)


def sentence(row: Row, total: int, names: Sequence[str], formats: Sequence[str]) -> str:
    """Tell the leading one of `total` rows, column by column."""
    told = []
    for name, form in zip(names, formats, strict=True):
        value = "unknown" if row[name] is None else wording.shown(row[name], form)
        told.append(f"{name.replace('_', ' ')} {value}")
    text = ", ".join(told)
    if total > 1:
        return f"First of {total:,} rows: {text}."
    return f"{text[:1].upper()}{text[1:]}."


def _format(name: str, values: Iterable[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "" if name.rpartition("_")[2] in _NAMES else "count"
    if kinds and kinds <= {int, float, Decimal}:
        return "percent" if name.rpartition("_")[2] == "share" else "number"
    return ""
