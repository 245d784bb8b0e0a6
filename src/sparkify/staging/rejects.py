"""Log the rejected records of a load, and find those that lost their key to another record."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ..sources.download import SourceFetch
from ..sources.files import Kind, Numbered, SourceFile
from .rules import Field
from .split import blocks, records_of
from .validate import Rejection, as_json, as_staged, judge, raw_text

_MESSAGE_BYTES = 1024
_FIRSTS = 1000
_KEYS: Mapping[Kind, tuple[str, ...]] = {
    "events": ("ts", "userid", "sessionid", "iteminsession"),  # event_ms is ts in milliseconds
    "songs": ("song_id",),
}


class RejectLog:
    """Rejected records as NDJSON in a file, so that memory does not bound their number.

    Threads may share it. By number of the source file, counts: rejected records; weights: for how
    many records they count (a whole file that is no log counts as many); firsts: one of them.
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
        """Add a record: where it stands (line_place: its byte in the line, from 1), and why."""
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
        """Close the log, which a reader flushes before.

        Closing tries again to write what a full disk refused; that must not hide the first error.
        """
        with suppress(OSError):
            self._stream.close()


def reject_losers(
    ranked: Iterable[Sequence[Any]],
    kind: Kind,
    fields: Sequence[Field],
    files: Sequence[SourceFile],
    rejects: RejectLog,
    fetch: SourceFetch,
) -> None:
    """Reject the records that lost their key, each at the place where it stands in its file.

    ranked: the rows of the conflicts query. Each is a staged record, then the number of its file
    (None if it was staged before), then what becomes of it: conflict (new, and yields), displaced
    (staged before, and yields) or kept (new). A displaced record is rejected as JSON, at the place
    of the one that displaced it. fetch: opens the files again.
    Raises SourceError when a file no longer holds what was read from it.
    """
    positions = [n for n, field in enumerate(fields) if field.column in _KEYS[kind]]
    displaced: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    losers: dict[int, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    winners: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for *values, number, outcome in ranked:
        row = tuple(values)
        if outcome == "displaced":
            displaced[tuple(row[n] for n in positions)] = row
        elif outcome == "conflict":
            losers[number][row] += 1
        else:
            winners[number].add(row)
    judged = partial(judge, fields=fields)
    numbers = sorted(losers.keys() | winners.keys())
    for group in fetch.groups([Numbered(number, files[number]) for number in numbers]):
        for number, file in group:
            lost, won = losers[number], winners[number]
            for line, place, record, accepted in records_of(kind, blocks(file, []), judged):
                if isinstance(accepted, Rejection):
                    continue
                row = as_staged(accepted, fields)
                named = ", ".join(f"{fields[n].key} {row[n]}" for n in positions)
                if lost[row] > 0:
                    lost[row] -= 1
                    why = f"a greater record of {named} stays"
                elif row in won:
                    won.remove(row)
                    why = f"was staged before; the greater record of {named} here displaced it"
                    before = displaced[tuple(row[n] for n in positions)]
                    record = as_json(before, fields).encode()
                else:
                    continue
                rejects.add(number, line, Rejection("conflict", why), record, place)
            if won or lost.total():
                raise SourceError(
                    f"{file.uri} changed while it was read; nothing was loaded",
                    "Load again when no other process writes to it.",
                    uri=file.uri,
                )
