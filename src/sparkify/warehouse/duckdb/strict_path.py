"""The strict path: records of doubtful files are judged one by one, then staged in bulk.

What passes goes as bytes into a spool, a file that DuckDB reads as it reads good files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from ...sources.files import Kind, Numbered, SourceFile, moved
from ...sql_queries import folder
from ...staging.rejects import RejectLog
from ...staging.rules import Field, Type
from ...staging.split import Found, beginning_of, blocks, no_log, records_of, size_of
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


@dataclass(frozen=True)
class Batch:
    """What the loaders of both kinds share.

    fields: of each kind. workspace: a folder for files of the load. number_key: the key, in no
    record, under which a joined record names its file. records_read: how many each file had.
    """

    fields: Mapping[Kind, Sequence[Field]]
    workspace: Path
    number_key: str
    rejects: RejectLog
    records_read: list[int]


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
            return blocks(one.file, [], data)

        if why := no_log(content, self._kind, self._judge):
            size = max(one.file.size, size_of(content()))
            self._reject_file(one.number, why, beginning_of(content()), size)
        else:
            found = records_of(self._kind, blocks(one.file, self.notes, data), self._judge)
            self._keep(one.number, _whole(one.file, found))
        if moved(one.file):
            self.notes.append(
                f"{one.file.uri} was written to while it was read, and taken up to its last whole "
                "record; the next load reads the rest."
            )
        self._done(one.file.size)

    def _reject_file(self, number: int, why: Unreadable, beginning: bytes, size: int) -> None:
        """Reject a file that is no log at all; it weighs as many records as fit its size."""
        self._batch.records_read[number] += 1
        weight = max(1, size // _WEIGHED_RECORD_BYTES)
        self._batch.rejects.add(number, 1, why, beginning, weight=weight)

    def _keep(self, number: int, found: Iterable[Found[bytes]]) -> None:
        """Reject records of a file, or spool them for the bulk path."""
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


def _whole(file: SourceFile, found: Iterable[Found[bytes]]) -> Iterator[Found[bytes]]:
    """Leave out damage at the end of a file that changed meanwhile."""
    held: Found[bytes] | None = None
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
