"""What events and songs have in common on their way into the tables of a load."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from ...sql_queries import folder
from ...staging.rejects import RejectLog
from ...staging.rules import Field, Kind, Type
from ...staging.validate import Rejection, accept, decode

BREAKS_A_RULE = 2
"""The doubt of a record that breaks a rule; see read_events."""

SQL = folder("duckdb")
_MACROS = folder("duckdb/macros")
_MACRO_ORDER = (
    "stripped",
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
    "no_string",
    "no_string_or_number",
)

_KEPT_BYTES = 16 << 20

DataErrors = (
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.IOException,
    UnicodeDecodeError,  # its client on a message that quotes a record and cuts a character
)
"""What DuckDB raises when it cannot read a file's content."""


class Refused(Exception):
    """A piece that the fast way will not take."""


class Lane(ABC):
    """The way of one kind of records, on a connection of its own.

    kind: of the records. fields: theirs. workspace: a folder for files of its own. number_key: a
    key that no record has. rejects: where rejected records go.
    records_read: where it enters how many records each file (by number) had, which is 0 before.
    done: called with the size in bytes of what has been read.
    unknown: how often each unknown field stood in the records that are looked at for that.
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
        self._fields = fields
        self._number_key = number_key
        self._path = workspace / f"piece-{kind}.ndjson"
        self._rejects = rejects
        self._done = done
        self._kept = bytearray()
        self._records_read = records_read
        self.unknown: Counter[str] = Counter()
        for name in _MACRO_ORDER:
            connection.execute(_MACROS[name].sql)
        connection.execute(SQL[f"create_new_{kind}"].sql)

    def _columns(self) -> dict[str, str]:
        return columns(self._fields, self._number_key)

    # Records, the careful way

    def _keep(self, number: int, records: Iterable[tuple[int, bytes]]) -> None:
        """Judge the records of a file, and keep those that are accepted until `_read_kept`."""
        for line_number, record in records:
            self._kept += self._accepted_record(number, line_number, record)
        if len(self._kept) > _KEPT_BYTES:
            self._read_kept()

    def _read_kept(self) -> None:
        """Read the records that were kept, of many files at once: a statement is not cheap."""
        if self._kept:
            with self._transaction():
                self._read_accepted(self._write(self._kept))
            self._kept.clear()

    @abstractmethod
    def _read_accepted(self, path: Path) -> None:
        """Let DuckDB read records, each of which names its file."""

    def _accepted_record(self, number: int, line_number: int, record: bytes) -> bytes:
        """Judge one record: as a line for the fast way, or nothing, when it is rejected."""
        try:
            accepted = accept(decode(record, self._fields), self._fields)
        except Rejection as why:
            self._reject(number, line_number, why, record)
            return b""
        self._records_read[number] += 1
        values: dict[str, Any] = {self._number_key: number}
        values |= {field.key: accepted[field.column] for field in self._fields if field.key}
        return json.dumps(values).encode() + b"\n"

    def _reject(self, number: int, line_number: int, why: Rejection, record: bytes) -> None:
        self._records_read[number] += 1
        self._rejects.add(number, line_number, why, record)

    # The engine

    def _write(self, data: bytes | bytearray) -> Path:
        self._path.write_bytes(data)
        return self._path

    def _rows(self, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(SQL[name].sql, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # a failure may have ended the transaction
                self._connection.rollback()
            raise
        self._connection.commit()


def columns(fields: Sequence[Field], number_key: str) -> dict[str, str]:
    """Say to read_json how to read each field: a text as such, all else as the JSON it is.

    A user id is as good as a text of its digits.
    """
    texts = (Type.TEXT, Type.TEXT_OR_NUMBER, Type.USER_ID)
    types = {
        # A column that the JSONPaths file leaves out is read from a key that nothing has.
        field.key or f"{number_key}_{field.column}": "VARCHAR" if field.type in texts else "JSON"
        for field in fields
    }
    return {**types, number_key: "INTEGER"}
