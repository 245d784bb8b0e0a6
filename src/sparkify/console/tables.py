"""Tables for people: aligned columns, folded to the width of a terminal."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from . import stream

_GAP = "  "
_FOLDED_GAP = 3
_LONG_WORD = 16  # what is longer may be broken


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    null: str = "",
    texts: Sequence[Sequence[str]] | None = None,
) -> None:
    """Write a table to stdout, columns of numbers to the right.

    null: the text for None. texts: the rows as formatted texts; without it the values' own form.
    """
    lines = [[cell(value, null) for value in row] for row in texts or rows]
    titles = [stream.clean(column) for column in columns]
    right = [_is_number_column(rows, index) for index in range(len(titles))]
    if stream.is_terminal(sys.stdout):
        stream.out(_fitted(titles, lines, right))
    else:
        stream.out(aligned(titles, lines, right))


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


def aligned(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Return a table in plain text, as wide as it needs to be."""
    widths = [max(map(_width, column)) for column in zip(titles, *rows, strict=True)]
    lines = [titles, ["-" * width for width in widths], *rows]
    return "\n".join(_GAP.join(map(_padded, line, widths, right)).rstrip() for line in lines)


def _padded(text: str, width: int, to_the_right: bool = False) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if to_the_right else text + blanks


def _fitted(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """Return a table in the terminal's width, long texts folded over several lines.

    No figure and no shorter word is broken. Where that does not fit, each row becomes a list.
    """
    least = [
        max((_least(row[index], to_the_right) for row in rows), default=1)
        for index, to_the_right in enumerate(right)
    ]
    if rows and sum(least) + _FOLDED_GAP * (len(least) - 1) > shutil.get_terminal_size().columns:
        return _as_lists(titles, rows)
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="")
    for title, to_the_right, width in zip(titles, right, least, strict=True):
        side: Literal["right", "left"] = "right" if to_the_right else "left"
        table.add_column(Text(title), justify=side, overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*map(Text, row))  # Text: nothing in the data is taken for markup
    console = Console(file=sys.stdout, highlight=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _least(text: str, is_number: bool) -> int:
    if is_number:
        return _width(text)
    return min(_LONG_WORD, max(map(_width, text.split()), default=1))


def _as_lists(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return each row as lines of title and value."""
    names = [_padded(title, max(map(_width, titles))) for title in titles]
    return "\n\n".join(
        "\n".join(f"{name}{_GAP}{text}".rstrip() for name, text in zip(names, row, strict=True))
        for row in rows
    )


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
