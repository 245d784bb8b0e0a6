"""The rejected records of a load, written down as they come."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .validate import Rejection, raw_text

_MESSAGE_BYTES = 1024


class RejectLog:
    """Rejected records as NDJSON in a file, so that their number is not bounded by memory.

    Several threads may add to it.

    path: the file. counts: how many records of each file (by number) were rejected.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[int] = Counter()
        self._stream = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def add(
        self, source_file: int, line_number: int, why: Rejection, record: bytes, line_place: int = 1
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

    def forget(self, source_files: Sequence[int]) -> None:
        """Take out what was rejected of some files, which are read again."""
        with self._lock:
            if not sum(self.counts.pop(number, 0) for number in source_files):
                return
            self._stream.close()
            rest = self.path.with_suffix(".rest")
            with self.path.open(encoding="utf-8") as rows, rest.open("w", encoding="utf-8") as kept:
                kept.writelines(
                    row for row in rows if json.loads(row)["source_file"] not in source_files
                )
            rest.replace(self.path)
            self._stream = self.path.open("a", encoding="utf-8")

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
