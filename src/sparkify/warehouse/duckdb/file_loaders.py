"""Load files of one kind: in bulk, and those in doubt by the strict path.

The strict path judges records one by one. What passes goes as bytes into a spool, a file that
DuckDB reads as it reads good files.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import duckdb

from ... import processes
from ...sources.download import grouped
from ...sources.files import Kind, Numbered, SourceFile, moved
from ...sources.join import SongPart, join_songs
from ...sql_queries import folder
from ...staging import split
from ...staging.rejects import RejectLog
from ...staging.rules import Field, Type
from ...staging.validate import LineJudge, Rejection, Unreadable
from .connection import transaction

SQL = folder("duckdb")
_MACRO_ORDER = (
    *("stripped", "no_ascii", "holds_sign", "latin_1", "mended_once", "mended", "number"),
    *("whole_number", "moment", "user_id", "begins_plainly", "no_odd_word", "breaks_text"),
    *("may_be_json", "may_be_other", "text_doubt"),
)
MACROS = [folder("duckdb/macros")[name] for name in _MACRO_ORDER]
"""In an order in which each macro follows those that it uses."""

_SPOOL_BYTES = 256 << 20
_WEIGHED_RECORD_BYTES = 500

DataErrors = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.IOException,
    UnicodeDecodeError,  # the client, on a message that quotes a record and cuts a character
)
"""What DuckDB raises when it cannot read a file's content."""


class Batch:
    """What the loaders of both kinds share.

    fields: of each kind. workspace: a folder for files of the load. number_key: the key, in no
    record, under which a joined record names its file. records_read: how many each file had.
    """

    def __init__(self, fields: Mapping[Kind, Sequence[Field]], workspace: Path) -> None:
        self.fields = fields
        self.workspace = workspace
        self.number_key = f"source_file_{secrets.token_hex(8)}"
        self.rejects = RejectLog(workspace / "rejects.ndjson")
        self.records_read: list[int] = []


class StrictPath:
    """Loads doubtful files of one kind, on a connection of its own; a subclass adds the bulk path.

    done: called with the size in bytes of what has been read. unknown: how often each unknown field
    stood in the records that were sampled. notes: on files, in sentences.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        kind: Kind,
        batch: Batch,
        done: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._batch = batch
        self._fields = batch.fields[kind]
        self._done = done
        self.unknown: Counter[str] = Counter()
        self.notes: list[str] = []
        for macro in MACROS:
            connection.execute(macro.sql)
        connection.execute(SQL[f"create_new_{kind}"].sql)
        self._spool = (batch.workspace / f"spool-{kind}.ndjson").open("w+b", buffering=1 << 20)

    def close(self) -> None:
        """Close the spool."""
        with suppress(OSError):  # what a full disk did not take
            self._spool.close()

    @cached_property
    def _judge(self) -> LineJudge:
        return LineJudge(self._fields)

    def _stage_strictly(self, one: Numbered, data: bytes | None = None) -> None:
        """Judge every record of a file, once. data: its content, if it is in memory already.

        A file that changed meanwhile is read up to its last whole record; the next load reads on.
        """

        def content() -> Iterator[bytes]:
            return split.blocks(one.file, [], data)

        told = split.blocks(one.file, self.notes, data)
        found = _whole(one.file, split.records_of(self._kind, told, self._judge))
        self._stage_records(one.number, content, found, one.file.size)
        if moved(one.file):
            self.notes.append(
                f"{one.file.uri} was written to while it was read, and taken up to its last whole "
                "record; the next load reads the rest."
            )
        self._done(one.file.size)

    def _stage_records(
        self,
        number: int,
        content: Callable[[], Iterable[bytes]],
        found: Iterable[split.Found[bytes]],
        size: int = 0,
    ) -> None:
        """Reject the records of a file, or spool them for the bulk path.

        A file that is no log at all is one reject; it weighs as many records as fit its size.
        """
        if why := split.no_log(content, self._kind, self._judge):
            self._batch.records_read[number] += 1
            weight = max(1, max(size, split.size_of(content())) // _WEIGHED_RECORD_BYTES)
            beginning = split.beginning_of(content())
            self._batch.rejects.add(number, 1, why, beginning, weight=weight)
            return
        begin = b'{"%s":%d,' % (self._batch.number_key.encode(), number)
        for line, place, record, outcome in found:
            self._batch.records_read[number] += 1
            if isinstance(outcome, Rejection):
                self._batch.rejects.add(number, line, outcome, record, place)
            else:
                self._spool.write(b"%s%s\n" % (begin, outcome[1:].replace(b"\n", b" ")))
        if self._spool.tell() > _SPOOL_BYTES:
            self._read_spool()

    def _read_spool(self) -> None:
        """Stage what was accepted, of many files at once: a statement has its price."""
        if self._spool.tell():
            self._spool.flush()
            with transaction(self._connection):
                self._read([self._spool.name])
            self._spool.seek(0)
            self._spool.truncate()

    def _read(self, paths: Sequence[str], numbers: Sequence[int] = (0,)) -> None:
        """Stage files in bulk. numbers: of each event file; joined records name theirs."""
        parameters: dict[str, Any] = {
            "files": paths,
            "columns": columns(self._fields, self._batch.number_key),
            "mend_text": any(field.mends for field in self._fields),
        }
        if self._kind == "events":
            parameters["source_files"] = numbers
        self._connection.execute(SQL[f"read_{self._kind}"].sql, parameters)

    def _rows(self, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(SQL[name].sql, parameters).fetchall()


def _whole(file: SourceFile, found: Iterable[split.Found[bytes]]) -> Iterator[split.Found[bytes]]:
    """Leave out damage at the end of a file that changed meanwhile."""
    held: split.Found[bytes] | None = None
    for one in found:
        if held:
            yield held
        held = one if isinstance(one[3], Unreadable) else None
        if not held:
            yield one
    if held and not moved(file):
        yield held


def columns(fields: Sequence[Field], number_key: str) -> dict[str, str]:
    """Return how read_json is to read each field: text as such, all else as the JSON it is.

    A user id may be a text of digits.
    """
    texts = (Type.TEXT, Type.TEXT_OR_NUMBER, Type.USER_ID)
    types = {
        # A column that the JSONPaths file leaves out is read from a key that no record has.
        field.key or f"{number_key}_{field.column}": "VARCHAR" if field.type in texts else "JSON"
        for field in fields
    }
    return {**types, number_key: "INTEGER"}


_NOT_LITERAL = re.compile(r"[*?\[\]{}\ud800-\udfff]")
"""In a path that DuckDB does not take literally: a glob pattern, or bytes that are not UTF-8."""
_NAMED_FILE = re.compile(r'in file "(?P<path>.+?)"[,:]', re.DOTALL)


class EventLoader(StrictPath):
    """Loads log files."""

    def stage(self, files: Sequence[Numbered]) -> None:
        """Read files into new_events. Raises SourceError when one cannot be read."""
        doubtful: list[Numbered] = []
        bulk: list[Numbered] = []
        look = partial(split.head_of, fields=self._fields)
        heads = processes.each(look, [one.file for one in files])
        for one, (_, (in_doubt, unknown)) in zip(files, heads, strict=True):
            self.unknown.update(unknown)
            in_doubt = in_doubt or bool(_NOT_LITERAL.search(one.file.path))
            (doubtful if in_doubt else bulk).append(one)
        for group in grouped(bulk):
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


_SAMPLED_SONGS = 1000


class _InDoubt(Exception):
    """The bulk path leaves records in doubt."""


class SongLoader(StrictPath):
    """Loads song files, most of which hold one record."""

    _sampled = 0

    def stage(
        self, files: Iterable[Numbered], contents: Iterator[bytes] | None, stop: threading.Event
    ) -> None:
        """Read files into new_songs; end early when `stop` is set.

        contents: of each file; without it they are opened at their paths.
        Raises SourceError when one cannot be read.
        """
        for part in join_songs(files, self._batch.number_key, contents):
            self._sample_unknown(part)
            if part.plain:
                self._stage_part(part)
            for one, data in part.odd:
                self._stage_strictly(one, data)
            self._done(part.plain_bytes)
            if stop.is_set():
                return
        self._read_spool()

    def _stage_part(self, part: SongPart) -> None:
        numbers, path = part.plain, self._batch.workspace / "songs.ndjson"
        try:
            with transaction(self._connection):
                path.write_bytes(part.data)
                self._read([str(path)])
                span = {"first": numbers[0], "last": numbers[-1]}
                [(found, doubt)] = self._rows("part_doubts_songs", span)
                if found != len(numbers) or doubt:
                    raise _InDoubt
        except (_InDoubt, *DataErrors):
            for number, line in zip(numbers, bytes(part.data).split(b"\n"), strict=False):
                content = [b"{" + line.partition(b",")[2]]
                found = split.song_records(content, self._judge)
                self._stage_records(number, partial(iter, content), found)
        else:
            for number in numbers:
                self._batch.records_read[number] = 1

    def _sample_unknown(self, part: SongPart) -> None:
        """Count the unknown fields in the first songs of the load."""
        known = {field.key for field in self._fields} | {self._batch.number_key}
        more = min(_SAMPLED_SONGS - self._sampled, len(part.plain))
        self._sampled += more
        for line in part.data.split(b"\n", more)[:more]:
            with suppress(ValueError, RecursionError):
                self.unknown.update(json.loads(line).keys() - known)
