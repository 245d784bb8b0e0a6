"""The beginnings of log files, looked at before the bulk path reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from ..sources.files import SourceFile, opened
from .rules import Field
from .split import MAX_RECORD_BYTES, Damage, blocks, records
from .validate import Rejection, decode

HEAD_RECORDS = 1000
"""How many records of each log file are looked at for unknown fields."""
_NEAR_BYTES = 1 << 16


class Head(NamedTuple):
    """What came of looking at a file. unknown: how often each unknown field stood in its head.

    doubtful: whether the bulk path need not try: a record is none by the letter, the file is
    packed badly, or a line is longer than a record may be.
    """

    doubtful: bool
    unknown: Counter[str]


def head_of(file: SourceFile, fields: Sequence[Field]) -> Head:
    """Look at the first HEAD_RECORDS records of a log file, and at all that is packed."""
    known = {field.key for field in fields}
    unknown: Counter[str] = Counter()
    doubtful = False
    notes: list[str] = []

    def judge(record: bytes) -> Mapping[str, Any] | Rejection:
        nonlocal doubtful
        try:
            found = json.loads(record)
            return found if isinstance(found, dict) else decode(record, fields)
        except Rejection as why:
            return why
        except (ValueError, RecursionError):
            doubtful = True
        try:
            return decode(record, fields)
        except Rejection as why:
            return why

    def watched() -> Iterator[bytes]:
        nonlocal doubtful
        line_bytes = 0
        for block in blocks(file, notes):
            begin, end, _ = block.partition(b"\n")
            line_bytes += len(begin)
            doubtful |= line_bytes > MAX_RECORD_BYTES
            if end:
                line_bytes = len(block) - block.rfind(b"\n") - 1
            yield block

    content = watched()
    found = records(content, judge)  # kept: one that is let go closes the content, too
    for _, _, _, outcome in islice(found, HEAD_RECORDS):
        if isinstance(outcome, Rejection):
            doubtful = True
        elif not outcome.keys() <= known:
            unknown.update(outcome.keys() - known)
    try:
        if file.path.endswith(".gz"):
            for _ in content:
                pass
        else:
            doubtful |= _has_long_line(file)
    except Damage:
        doubtful = True
    return Head(doubtful or bool(notes), unknown)


def _has_long_line(file: SourceFile) -> bool:
    """Return whether a line is longer than a record may be, without reading all of the file."""
    begin = 0
    with opened(file) as stream:
        while file.size - begin > MAX_RECORD_BYTES:
            for near in (_NEAR_BYTES, MAX_RECORD_BYTES):
                stream.seek(begin + MAX_RECORD_BYTES - near)
                if (end := stream.read(near).rfind(b"\n")) >= 0:
                    begin += MAX_RECORD_BYTES - near + end + 1
                    break
            else:
                return True
    return False
