"""The rejected records of a load, written down as they come."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

from .validate import Rejection, raw_text

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
