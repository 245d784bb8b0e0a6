"""Log files into new_events: in bulk, and those in doubt record by record."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ... import processes
from ...sources.download import grouped
from ...sources.files import Numbered, SourceFile, moved, opened
from ...staging.rules import Field
from ...staging.split import MAX_RECORD_BYTES, Damage, blocks, records
from ...staging.validate import Rejection, decode
from .connection import transaction
from .strict_path import SQL, DataErrors, StrictPath

# What an error in a statement costs is bounded by how much one statement reads; how well the table
# is filled, by how few statements there are.
_GROUP_BYTES = 256 << 20
_GROUP_FILES = 200
_GLOB_CHARACTERS = re.compile(r"[*?\[\]{}]")
_NAMED_FILE = re.compile(r'in file "(?P<path>.+?)"[,:]', re.DOTALL)


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
            self._done(one.file.size)
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
                if len(refused) > 1 or not broken:  # rather than to begin again and again
                    return refused + group
                refused += broken
                group = [one for one in group if one not in broken]
            else:
                self._done(sum(one.file.size for one in group if one not in doubtful))
                return refused + doubtful
        return refused

    def _read_group(self, group: Sequence[Numbered]) -> list[Numbered]:
        """Let DuckDB read some files; return those in doubt, taken back."""
        numbers = [one.number for one in group]
        with transaction(self._connection):
            self._read_events([one.file.path for one in group], numbers)
            doubts = self._rows("file_doubts_events", {"source_files": numbers})
            in_doubt = [number for number, _, doubtful in doubts if doubtful]
            in_doubt += [one.number for one in group if moved(one.file)]
            if in_doubt:
                self._rows("delete_file_events", {"source_files": in_doubt})
            for number, records, _ in doubts:
                self._records_read[number] = 0 if number in in_doubt else records
        return [one for one in group if one.number in in_doubt]

    def _read_numbered(self, path: Path) -> None:
        self._read_events([str(path)], [0])

    def _read_events(self, paths: Sequence[str], numbers: Sequence[int]) -> None:
        parameters = {
            "files": paths,
            "columns": self._columns(),
            "source_files": numbers,
            "mend_text": self._mend_text,
        }
        self._connection.execute(SQL["read_events"].sql, parameters)


def _is_plain_path(path: str) -> bool:
    """Return whether DuckDB takes a path as it is: no pattern, and a name in UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _GLOB_CHARACTERS.search(path)


# The beginnings of log files, looked at before the bulk path reads them

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
