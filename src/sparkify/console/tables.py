"""Tables for people: aligned columns, folded to the width of a terminal."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import math
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from . import stream

_GAP = "  "
_BAR = 12  # columns
_LONG_WORD = 16  # what is longer, and no figure, may be broken
_PIECES = re.compile(r"[^ _]*[ _]+|[^ _]+")  # texts break after blanks and underscores


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    null: str = "",
    texts: Sequence[Sequence[str]] | None = None,
    bars: int | None = None,
) -> None:
    """Write a table to stdout, columns of numbers to the right.

    null: the text for None. texts: the rows as formatted texts; without it the values' own form.
    bars: the place of the column whose amounts are drawn, on a terminal with room for that
    and more than one row to compare.
    """
    lines = [[cell(value, null) for value in row] for row in texts or rows]
    titles = [stream.clean(column) for column in columns]
    right = [_is_number_column(rows, index) for index in range(len(titles))]
    table = aligned(titles, lines, right)
    if stream.is_terminal(sys.stdout):
        width = shutil.get_terminal_size().columns
        shown = table.split("\n")
        room = width - max(map(_width, shown))
        if room < 0:
            table = aligned(titles, lines, right, width)
        elif bars is not None and len(rows) > 1 and room >= len(_GAP) + _BAR:
            drawn = ["", "", *_bars([row[bars] for row in rows])]
            most = max(map(_width, shown))
            table = "\n".join(
                f"{_padded(line, most)}{_GAP}{bar}".rstrip()
                for line, bar in zip(shown, drawn, strict=True)
            )
    stream.out(table)


def _bars(amounts: Sequence[Any]) -> list[str]:
    """Return a bar for each amount, the greatest _BAR wide; nothing where none is above zero."""
    most = max((amount for amount in amounts if amount), default=0)
    if most <= 0 or not (sys.stdout.encoding or "").lower().startswith("utf"):
        return ["" for _ in amounts]
    eighths = [max(0, math.ceil(8 * _BAR * (amount or 0) / most)) for amount in amounts]
    return [
        stream.styled("█" * (one // 8) + " ▏▎▍▌▋▊▉"[one % 8].strip(), "cyan", sys.stdout)
        if one
        else ""
        for one in eighths
    ]


def show_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table to stdout as CSV (RFC 4180, but lines end in a line feed), None as nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_value(value) for value in row] for row in rows)
    safe = stream.clean_lines if stream.is_terminal(sys.stdout) else str
    stream.out(safe(text.getvalue()).removesuffix("\n"))


def cell(value: Any, null: str = "") -> str:
    """Return one value as text on one line."""
    if value is None:
        return null
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    if isinstance(value, bytes):
        return value.hex()
    return stream.clean(str(value))


def aligned(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    width: int | None = None,
) -> str:
    """Return a table in plain text, as wide as it needs to be.

    width: how wide it may be; then long texts are folded over several lines, but no figure and no
    shorter word is broken. Where that does not fit, each row becomes a list.
    """
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(map(_width, column)) for column in columns]
    if width is not None:
        least = [max(map(_least, column)) for column in columns]
        gaps = len(_GAP) * (len(columns) - 1)
        if rows and sum(least) + gaps > width:
            return _as_lists(titles, rows, width)
        widths = [max(low, min(one, width)) for low, one in zip(least, widths, strict=True)]
        for _ in range(sum(widths) + gaps - width):
            widest = max(range(len(widths)), key=lambda n: (widths[n] > least[n], widths[n]))
            widths[widest] -= 1
    rule = ["-" * one for one in widths]
    return "\n".join(
        _GAP.join(map(_padded, line, widths, right)).rstrip()
        for row in (titles, rule, *rows)
        for line in zip_longest(*map(_folded, row, widths), fillvalue="")
    )


def _padded(text: str, width: int, to_the_right: bool = False) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if to_the_right else text + blanks


def _folded(text: str, width: int) -> list[str]:
    """Return a text in lines of this width, broken after blanks, underscores, or where it must."""
    if _width(text) <= width:
        return [text]
    lines, line = [], ""
    for piece in _PIECES.findall(text):
        for part in [piece] if _width(piece.rstrip()) <= width else piece:
            if line and _width(line + part.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += part
    return [*lines, line.rstrip()]


def _least(text: str) -> int:
    """Return the width below which a figure or a shorter word of a text would be broken."""
    words = [word.rstrip() for word in _PIECES.findall(text)]
    return max(
        (
            _width(word) if any(map(str.isdigit, word)) else min(_LONG_WORD, _width(word))
            for word in words
        ),
        default=1,
    )


def _as_lists(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return each row as lines of title and value."""
    names = [_padded(title, max(map(_width, titles))) + _GAP for title in titles]
    lists = []
    for row in rows:
        lines = []
        for name, text in zip(names, row, strict=True):
            first, *more = _folded(text, max(width - _width(name), _least(text)))
            lines += [f"{name}{first}".rstrip(), *(" " * _width(name) + line for line in more)]
        lists.append("\n".join(lines))
    return "\n\n".join(lists)


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "FW" else 1
        for one in text
    )


def _is_number_column(rows: Sequence[Sequence[Any]], index: int) -> bool:
    values = [row[index] for row in rows if row[index] is not None]
    return bool(values) and all(
        isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool)
        for value in values
    )


def _csv_value(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, bytes):
        return value.hex()
    return value
