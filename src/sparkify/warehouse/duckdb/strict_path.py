"""What events and songs have in common on their way into the tables of a load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
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
_MACROS = folder("duckdb/macros")
_MACRO_ORDER = (
    "stripped",
    "no_ascii",
    "holds_sign",
    "latin_1",
    "mended_once",
    "mended",
    "number",
    "whole_number",
    "moment",
    "user_id",
    "begins_plainly",
    "no_odd_word",
    "breaks_text",
    "may_be_json",
    "may_be_other",
    "text_doubt",
)

_SPOOL_BYTES = 256 << 20
_WEIGHED_RECORD_BYTES = 500

DataErrors = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.IOException,
    UnicodeDecodeError,  # its client on a message that quotes a record and cuts a character
)
"""What DuckDB raises when it cannot read a file's content."""


class StrictPath(ABC):
    """Loads one kind of records, on a connection of its own.

    kind: of the records. fields: theirs. workspace: a folder for files of its own. number_key: a
    key that no record has. rejects: where rejected records go.
    records_read: where it enters how many records each file (by number) had, which is 0 before.
    done: called with the size in bytes of what has been read.
    unknown: how often each unknown field stood in the records that are looked at for that.
    notes: what the user should know of files, in sentences.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        kind: Kind,
        fields: Sequence[Field],
        number_key: str,
        workspace: Path,
        rejects: RejectLog,
        records_read: list[int],
        done: Callable[[int], None],
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._fields = fields
        self._number_key = number_key
        self._mend_text = any(field.mends for field in fields)
        self._path = workspace / f"records-{kind}.ndjson"
        self._rejects = rejects
        self._done = done
        self._records_read = records_read
        self.unknown: Counter[str] = Counter()
        self.notes: list[str] = []
        for name in _MACRO_ORDER:
            connection.execute(_MACROS[name].sql)
        connection.execute(SQL[f"create_new_{kind}"].sql)
        self._spool = (workspace / f"spool-{kind}.ndjson").open("w+b", buffering=1 << 20)

    @cached_property
    def _judge(self) -> LineJudge:
        return LineJudge(self._fields)

    def _stage_strictly(self, one: Numbered, data: bytes | None = None) -> None:
        """Judge every record of a file, once. data: what is in it, if that is known already.

        A file that moved is taken up to its last whole record: the next load reads the rest.
        """

        def content() -> Iterator[bytes]:
            return blocks(one.file, [], data)

        if why := no_log(content, self._kind, self._judge):
            size = max(one.file.size, size_of(content()))
            self._reject_file(one.number, why, beginning_of(content()), size)
        else:
            found = records_of(self._kind, blocks(one.file, self.notes, data), self._judge)
            self._keep(one.number, self._whole(one.file, found))
        if moved(one.file):
            self.notes.append(
                f"{one.file.uri} was written to while it was read, and taken up to its last whole "
                "record; the next load reads the rest."
            )

    def _reject_file(self, number: int, why: Unreadable, beginning: bytes, size: int) -> None:
        """Reject a file that is no log at all, as so many records as its bytes would hold."""
        self._records_read[number] += 1
        weight = max(1, size // _WEIGHED_RECORD_BYTES)
        self._rejects.add(number, 1, why, beginning, weight=weight)

    def _whole(self, file: SourceFile, found: Iterable[Found[bytes]]) -> Iterator[Found[bytes]]:
        """Leave out damage at the end of a file that moved."""
        held: Found[bytes] | None = None
        for one in found:
            if held:
                yield held
            held = one if isinstance(one[3], Unreadable) else None
            if not held:
                yield one
        if held and not moved(file):
            yield held

    def _keep(self, number: int, found: Iterable[Found[bytes]]) -> None:
        """Reject records of a file, or put them into the spool, for the bulk path to read."""
        begin = b'{"%s":%d,' % (self._number_key.encode(), number)
        for line, place, record, outcome in found:
            self._records_read[number] += 1
            if isinstance(outcome, Rejection):
                self._rejects.add(number, line, outcome, record, place)
            else:
                self._spool.write(b"%s%s\n" % (begin, outcome[1:].replace(b"\n", b" ")))
        if self._spool.tell() > _SPOOL_BYTES:
            self._read_spool()

    def _read_spool(self) -> None:
        """Let DuckDB read what was accepted, of many files at once: a statement is not cheap."""
        if self._spool.tell():
            self._spool.flush()
            with transaction(self._connection):
                self._read_numbered(Path(self._spool.name))
            self._spool.seek(0)
            self._spool.truncate()

    @abstractmethod
    def _read_numbered(self, path: Path) -> None:
        """Let DuckDB read records, each of which names its file."""

    def close(self) -> None:
        """Close the spool."""
        with suppress(OSError):  # what a full disk did not take
            self._spool.close()

    # The engine

    def _rows(self, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(SQL[name].sql, parameters).fetchall()

    def _columns(self) -> dict[str, str]:
        return columns(self._fields, self._number_key)


def columns(fields: Sequence[Field], number_key: str) -> dict[str, str]:
    """Return how read_json is to read each field: a text as such, all else as the JSON it is.

    A user id is as good as a text of its digits.
    """
    texts = (Type.TEXT, Type.TEXT_OR_NUMBER, Type.USER_ID)
    types = {
        # A column that the JSONPaths file leaves out is read from a key that nothing has.
        field.key or f"{number_key}_{field.column}": "VARCHAR" if field.type in texts else "JSON"
        for field in fields
    }
    return {**types, number_key: "INTEGER"}
