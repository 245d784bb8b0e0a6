"""How what is in a source reads for a person."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import stream

if TYPE_CHECKING:
    from ..sources.inspect import Inspected, Sized

_INDENT = "  "


def show_inspected(found: Sequence[Inspected]) -> None:
    """Show each source: figures, then the first records, cut to the width of a terminal."""
    for number, one in enumerate(found):
        if number:
            stream.out("")
        stream.out(stream.styled(stream.clean(one.source), "bold", sys.stdout))
        for line in _figures(one):
            stream.out(_INDENT + stream.clean(line))
        if one.records:
            stream.out(f"{_INDENT}first records:")
        for record in one.records:
            stream.out(_cut(f"{_INDENT}{_INDENT}{stream.clean(record)}"))
    stream.say("Next: `sparkify etl --dry-run` shows what of it would be loaded.")


def _figures(one: Inspected) -> list[str]:
    lines = [f"{one.files:,} file{'' if one.files == 1 else 's'}, {one.bytes:,} bytes"]
    if one.smallest and one.largest:
        lines += [f"smallest: {_sized(one.smallest)}", f"largest:  {_sized(one.largest)}"]
    if one.oldest and one.newest:
        lines.append(f"written from {one.oldest:%Y-%m-%d %H:%M} to {one.newest:%Y-%m-%d %H:%M} UTC")
    if one.passed_over:
        kinds = sorted(one.passed_over.items(), key=lambda item: (-item[1], item[0]))
        lines.append("passed over: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds))
    return lines


def _sized(one: Sized) -> str:
    return f"{one.bytes:,} bytes, {one.uri}"


def _cut(line: str) -> str:
    if not stream.is_terminal(sys.stdout):
        return line
    width = shutil.get_terminal_size().columns
    return line if len(line) <= width else f"{line[: width - 3]}..."
