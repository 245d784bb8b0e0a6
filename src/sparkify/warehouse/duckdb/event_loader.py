"""Load log files into new_events: in bulk, and those in doubt by the strict path."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from ... import processes
from ...sources.download import grouped
from ...sources.files import Numbered, SourceFile, moved, opened
from ...staging.rules import Field
from ...staging.split import MAX_RECORD_BYTES, Damage, blocks, records
from ...staging.validate import Rejection, decode
from .connection import transaction
from .strict_path import DataErrors, StrictPath

# A failed statement costs as much as it read, so a group is bounded; but the fewer statements, the
# better the table is filled.
_GROUP_BYTES = 256 << 20
_GROUP_FILES = 200
_GLOB_CHARACTERS = re.compile(r"[*?\[\]{}]")
_NAMED_FILE = re.compile(r'in file "(?P<path>.+?)"[,:]', re.DOTALL)

HEAD_RECORDS = 1000
"""How many records of each log file are sampled for unknown fields."""
_NEAR_BYTES = 1 << 16


class EventLoader(StrictPath):
    """Loads log files."""

    def stage(self, files: Sequence[Numbered]) -> None:
        """Read files into new_events. Raises SourceError when one cannot be read."""
        doubtful: list[Numbered] = []
        bulk: list[Numbered] = []
        heads = processes.each(partial(head_of, fields=self._fields), [one.file for one in files])
        for one, (_, head) in zip(files, heads, strict=True):
            self.unknown.update(head.unknown)
            in_doubt = head.doubtful or not _is_plain_path(one.file.path)
            (doubtful if in_doubt else bulk).append(one)
        for group in grouped(bulk, _GROUP_BYTES, _GROUP_FILES):
            doubtful += self._stage_group(group)
        for one in doubtful:
            self._stage_strictly(one)
        self._read_spool()

    def _stage_group(self, group: list[Numbered]) -> list[Numbered]:
        """Stage files in bulk; return those in doubt, of which nothing is staged."""
        refused: list[Numbered] = []
        while group:
            try:
                doubtful = self._read_group(group)
            except DataErrors as error:
                named = _NAMED_FILE.search(str(error))
                broken = [one for one in group if named and one.file.path == named["path"]]
                if len(refused) > 1 or not broken:  # rather than start over again and again
                    return refused + group
                refused += broken
                group = [one for one in group if one not in broken]
            else:
                self._done(sum(one.file.size for one in group if one not in doubtful))
                return refused + doubtful
        return refused

    def _read_group(self, group: Sequence[Numbered]) -> list[Numbered]:
        """Stage files in one statement; return those in doubt, after removing their records."""
        numbers = [one.number for one in group]
        with transaction(self._connection):
            self._read([one.file.path for one in group], numbers)
            doubts = self._rows("file_doubts_events", {"source_files": numbers})
            in_doubt = [number for number, _, doubtful in doubts if doubtful]
            in_doubt += [one.number for one in group if moved(one.file)]
            if in_doubt:
                self._rows("delete_file_events", {"source_files": in_doubt})
            for number, records, _ in doubts:
                self._batch.records_read[number] = 0 if number in in_doubt else records
        return [one for one in group if one.number in in_doubt]


def _is_plain_path(path: str) -> bool:
    """Return whether DuckDB takes a path literally: no glob pattern, and a name in UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _GLOB_CHARACTERS.search(path)


class Head(NamedTuple):
    """What the beginning of a file tells. unknown: how often each unknown field stood there.

    doubtful: whether the bulk path need not try: a record is not strict JSON, the gzip is damaged
    or padded, or a line is longer than a record may be.
    """

    doubtful: bool
    unknown: Counter[str]


def head_of(file: SourceFile, fields: Sequence[Field]) -> Head:
    """Look at the first HEAD_RECORDS records of a log file, and at all of a gzip file."""
    known = {field.key for field in fields}
    unknown: Counter[str] = Counter()
    doubtful = False

    def parsed(record: bytes) -> Mapping[str, Any] | Rejection:
        nonlocal doubtful
        with suppress(ValueError, RecursionError):
            if isinstance(found := json.loads(record), dict):
                return found
        doubtful = True
        try:
            return decode(record, fields)
        except Rejection as why:
            return why

    for _, _, _, outcome in islice(records(blocks(file, []), parsed), HEAD_RECORDS):
        if isinstance(outcome, Rejection):
            doubtful = True
        elif not outcome.keys() <= known:
            unknown.update(outcome.keys() - known)
    check = _is_odd_gzip if file.path.endswith(".gz") else _has_long_line
    return Head(doubtful or check(file), unknown)


def _is_odd_gzip(file: SourceFile) -> bool:
    """Return whether a gzip file is damaged, padded, or holds a line longer than a record."""
    notes: list[str] = []
    line_bytes = 0
    try:
        for block in blocks(file, notes):
            begin, end, _ = block.partition(b"\n")
            line_bytes += len(begin)
            if line_bytes > MAX_RECORD_BYTES:
                return True
            if end:
                line_bytes = len(block) - block.rfind(b"\n") - 1
    except Damage:
        return True
    return bool(notes)


def _has_long_line(file: SourceFile) -> bool:
    """Return whether a line is longer than a record may be, without reading the whole file."""
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
