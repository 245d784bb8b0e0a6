"""The rejected records of a load, written down as they come; and those that lost their key."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ..sources.download import LOCAL, Fetch
from ..sources.files import Numbered, SourceFile
from .rules import Field
from .split import blocks, records_of
from .validate import Rejection, as_json, as_staged, judge, raw_text

_MESSAGE_BYTES = 1024
_FIRSTS = 1000


class RejectLog:
    """Rejected records as NDJSON in a file, so that their number is not bounded by memory.

    Several threads may add to it.

    path: the file. counts: how many records of each file (by number) were rejected. weights: for
    how many records they count: more than one where a whole file is no log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[int] = Counter()
        self.weights: Counter[int] = Counter()
        self.firsts: dict[int, str] = {}
        self._stream = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def add(
        self,
        source_file: int,
        line_number: int,
        why: Rejection,
        record: bytes,
        line_place: int = 1,
        weight: int = 1,
    ) -> None:
        """Write down one record: where it stood, why it was rejected, and its bytes.

        line_place: the byte of the line, from 1, at which it begins.
        """
        message = why.message.replace("\0", "\ufffd").encode("utf-8", "backslashreplace")
        row = {
            "source_file": source_file,
            "line_number": line_number,
            "line_place": line_place,
            "reason": why.reason,
            "message": message[:_MESSAGE_BYTES].decode("utf-8", "ignore"),
            "raw_text": raw_text(record),
        }
        line = json.dumps(row) + "\n"
        with self._lock:
            self._stream.write(line)
            self.counts[source_file] += 1
            self.weights[source_file] += weight
            if len(self.firsts) < _FIRSTS:
                self.firsts.setdefault(source_file, f"line {line_number}: {row['message']}")

    def flush(self) -> None:
        """Make what was added so far readable at `path`."""
        self._stream.flush()

    def close(self) -> None:
        """End the log; who wants to read it flushes it before.

        What a full disk did not take is tried once more here, in the midst of the error that told
        of it, which must not be hidden by another.
        """
        with suppress(OSError):
            self._stream.close()


Row = tuple[Any, ...]


@dataclass(frozen=True)
class Ranked:
    """A record of a contested key. row: as staged. source_file: its number; None if it was staged.

    outcome: conflict (new, and it yields), displaced (staged, and it yields), or kept (new).
    """

    row: Row
    source_file: int | None
    outcome: str


def reject_losers(
    ranked: Sequence[Ranked],
    key: Sequence[str],
    fields: Sequence[Field],
    files: Sequence[SourceFile],
    rejects: RejectLog,
    fetch: Fetch = LOCAL,
) -> None:
    """Reject each losing record with the place at which it stands.

    A staged record that is displaced is rejected with its content as JSON, at the place of the
    record that displaced it. key: the columns of the key. fetch: gives the files again.
    Raises SourceError when a file no longer holds what was read from it.
    """
    # event_ms is ts, which is a field.
    positions = [n for n, field in enumerate(fields) if field.column in key or field.column == "ts"]
    displaced = {
        tuple(one.row[n] for n in positions): one.row
        for one in ranked
        if one.outcome == "displaced"
    }
    losers: dict[int, Counter[Row]] = defaultdict(Counter)
    winners: dict[int, dict[Row, Row]] = defaultdict(dict)
    for one in ranked:
        if one.source_file is None:
            continue
        if one.outcome == "conflict":
            losers[one.source_file][one.row] += 1
        elif one.outcome == "kept":
            winners[one.source_file][one.row] = displaced[tuple(one.row[n] for n in positions)]
    numbers = sorted(losers.keys() | winners.keys())
    wanted = [Numbered(number, files[number]) for number in numbers]
    for group in fetch.groups(wanted):
        for file in group:
            number = file.number
            _reject_in(file, losers[number], winners[number], fields, positions, rejects)


def _reject_in(
    one: Numbered,
    lost: Counter[Row],
    won: dict[Row, Row],
    fields: Sequence[Field],
    positions: Sequence[int],
    rejects: RejectLog,
) -> None:
    """Reject what one file lost, and what its winners displaced (winner -> displaced row)."""
    for line_number, place, record, row in _rows(one, fields):
        named = ", ".join(f"{fields[n].key} {row[n]}" for n in positions)
        if lost[row] > 0:
            lost[row] -= 1
            why = Rejection("conflict", f"a greater record of {named} stays")
            rejects.add(one.number, line_number, why, record, place)
        elif row in won:
            why = Rejection(
                "conflict",
                f"was staged before; the greater record of {named} here displaced it",
            )
            lost_before = as_json(won.pop(row), fields).encode()
            rejects.add(one.number, line_number, why, lost_before, place)
    if won or lost.total():
        raise SourceError(
            f"{one.file.uri} changed while it was read; nothing was loaded",
            "Load again when nobody writes to it.",
            uri=one.file.uri,
        )


def _rows(one: Numbered, fields: Sequence[Field]) -> Iterator[tuple[int, int, bytes, Row]]:
    """Read a file again: line, place in it, bytes and staged row of each accepted record."""
    judge_record = partial(judge, fields=fields)
    for line, place, record, outcome in records_of(
        one.file.kind, blocks(one.file, []), judge_record
    ):
        if not isinstance(outcome, Rejection):
            yield line, place, record, as_staged(outcome, fields)
