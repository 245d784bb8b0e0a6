"""Source files into new_events and new_songs: the fast way where it is safe, else the careful one.

The fast way lets DuckDB parse a group of files at once and marks doubtful records (`doubt`). It is
taken back for a file that DuckDB refuses or that holds a record which breaks a rule; such a file is
cut into pieces, and a piece that is refused again is read line by line by `staging.validate`.
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from ...fetching import LOCAL, Fetch, grouped
from ...progress import Progress
from ...source_file import SourceFile
from ...sql_queries import folder
from ...staging import reading
from ...staging.reading import Numbered, Piece, SongPart
from ...staging.rejects import RejectLog
from ...staging.rules import EVENT_FIELDS, SONG_FIELDS, Field, Kind, Type
from ...staging.validate import Rejection, accept, decode

# What an error in a statement costs is bounded by how much one statement reads.
_GROUP_BYTES = 256 << 20
_GROUP_FILES = 200
_SMALL_PIECE_BYTES = 64 << 10
_SAMPLED_SONGS = 1000
_GLOB_CHARACTERS = re.compile(r"[*?\[\]{}]")
_NAMED_FILE = re.compile(r'in file "(?P<path>.+?)"[,:]', re.DOTALL)
_BREAKS_A_RULE = 2

_SQL = folder("duckdb")
_MACROS = folder("duckdb/macros")
_MACRO_ORDER = (
    "stripped",
    "number",
    "whole_number",
    "moment",
    "user_id",
    "breaks_text",
    "may_be_json",
    "may_be_other",
    "no_string",
    "no_string_or_number",
)

DataErrors = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException)
"""What DuckDB raises when it cannot read a file's content."""


class Refused(Exception):
    """A piece that the fast way will not take."""


class Stager:
    """Stages the files of one load.

    keys: the JSON key of each column of staging_events. workspace: a folder for files of its own.
    fetch: gives the files, from this machine or from S3.
    records_read: how many records each file (by number) had. unknown: how often each unknown field
    stood in the first records of each log file and in the first songs.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        keys: Sequence[str],
        workspace: Path,
        progress: Progress,
        fetch: Fetch = LOCAL,
    ) -> None:
        self._connection = connection
        self._workspace = workspace
        self._progress = progress
        self.fetch = fetch
        self._number_key = f"source_file_{secrets.token_hex(8)}"
        self._event_fields = fields_of("events", keys)
        self._bytes = 0
        self._bytes_done = 0
        self.rejects = RejectLog(workspace / "rejects.ndjson")
        self.records_read: Counter[int] = Counter()
        self.unknown: Counter[str] = Counter()

    def stage(self, files: Sequence[SourceFile]) -> None:
        """Read every file into new_events or new_songs, each with its number, from 0.

        Raises SourceError when a file cannot be read or changes meanwhile.
        """
        numbered = [Numbered(number, file) for number, file in enumerate(files)]
        self._bytes = sum(file.size for file in files)
        self._prepare()
        self._stage_songs([one for one in numbered if one.file.kind == "songs"])
        events = [one for one in numbered if one.file.kind == "events"]
        for group in self.fetch.groups(events):
            self._stage_events(group)
        self.fetch.require_unchanged(one.file for one in events)
        self.rejects.flush()

    def _prepare(self) -> None:
        for name in _MACRO_ORDER:
            self._connection.execute(_MACROS[name].sql)
        for name in ("create_new_events", "create_new_songs"):
            self._connection.execute(_SQL[name].sql)

    def _done(self, size: int) -> None:
        self._bytes_done += size
        self._progress("reading", self._bytes_done, self._bytes, "bytes")

    # Events

    def _stage_events(self, files: Sequence[Numbered]) -> None:
        careful: list[Numbered] = []
        loose: list[Numbered] = []
        fast: list[Numbered] = []
        for one in files:
            if not reading.head_is_strict(one.file, self._event_fields, self.unknown):
                loose.append(one)
            elif _is_plain_path(one.file.path):
                fast.append(one)
            else:
                careful.append(one)
        for group in grouped(fast, _GROUP_BYTES, _GROUP_FILES):
            careful += self._stage_group(group)
        for one in careful:
            self._stage_carefully(one)
        for one in loose:
            self._stage_carefully(one, trusted_from=reading.HEAD_RECORDS + 1)

    def _stage_group(self, group: list[Numbered]) -> list[Numbered]:
        """Stage files the fast way; return those that it is not safe for."""
        refused: list[Numbered] = []
        attempts = 0
        while group:
            attempts += 1
            try:
                doubtful = self._read_group(group)
            except DataErrors as error:
                named = _NAMED_FILE.search(str(error))
                broken = [one for one in group if named and one.file.path == named["path"]]
                if len(group) == 1 or not broken or attempts > 2:
                    return refused + self._stage_one_by_one(group)
                refused += broken
                group = [one for one in group if one not in broken]
            else:
                self._done(sum(one.file.size for one in group if one not in doubtful))
                return refused + doubtful
        return refused

    def _stage_one_by_one(self, group: Iterable[Numbered]) -> list[Numbered]:
        refused = []
        for one in group:
            try:
                doubtful = self._read_group([one])
            except DataErrors:
                doubtful = [one]
            refused += doubtful
            if not doubtful:
                self._done(one.file.size)
        return refused

    def _read_group(self, group: Sequence[Numbered]) -> list[Numbered]:
        """Let DuckDB read some files; return those with records that break a rule, taken back."""
        numbers = [one.number for one in group]
        with self._transaction():
            self._read_events([one.file.path for one in group], numbers)
            worst = {}
            for number, records, doubt in self._rows(
                "file_doubts_events", {"source_files": numbers}
            ):
                worst[number] = doubt
                self.records_read[number] = records
            doubtful = [one for one in group if worst.get(one.number, 0) == _BREAKS_A_RULE]
            doubtful += [
                one
                for one in group
                if worst.get(one.number) == 1 and self._has_no_strings(one.file.path)
            ]
            if doubtful:
                taken_back = [one.number for one in doubtful]
                self._rows("delete_file_events", {"source_files": taken_back})
                for number in taken_back:
                    del self.records_read[number]
        return doubtful

    def _stage_carefully(self, one: Numbered, trusted_from: int = 1) -> None:
        """Stage a file in pieces. trusted_from: the first line that DuckDB may read."""
        fields = self._event_fields
        for piece in reading.pieces(one.file):
            if piece.first_line == 1 and reading.is_no_text(piece.data, fields):
                self._reject(one, 1, Rejection("encoding", "the file is no text"), piece.data)
                break
            try:
                if len(piece.data) < _SMALL_PIECE_BYTES or piece.first_line < trusted_from:
                    raise Refused
                self._read_piece(one, piece)
            except (Refused, *DataErrors):
                self._read_lines(one, piece)
            if piece.damage:
                self._reject(one, piece.next_line, Rejection("encoding", piece.damage), b"")
        self._done(one.file.size)

    def _read_piece(self, one: Numbered, piece: Piece) -> None:
        """Let DuckDB read a piece. Raises Refused, or a data error, and takes it back."""
        path = self._write(piece.data)
        with self._transaction():
            self._read_events([str(path)], [one.number])
            rows = self._rows("file_doubts_events", {"source_files": [one.number]})
            for _, records, doubt in rows:
                if doubt == _BREAKS_A_RULE or (doubt == 1 and self._has_no_strings(str(path))):
                    raise Refused
                rejected = self.rejects.counts[one.number]
                self.records_read[one.number] = records + rejected

    def _read_lines(self, one: Numbered, piece: Piece) -> None:
        accepted = self._accepted(one, reading.lines(piece), self._event_fields)
        path = self._write(b"".join(accepted))
        with self._transaction():
            self._read_events([str(path)], [one.number])

    def _read_events(self, paths: Sequence[str], numbers: Sequence[int]) -> None:
        columns = _columns(self._event_fields, self._number_key)
        parameters = {"files": paths, "columns": columns, "source_files": numbers}
        self._connection.execute(_SQL["read_events"].sql, parameters)

    def _has_no_strings(self, path: str) -> bool:
        columns = dict.fromkeys(_columns(self._event_fields, self._number_key), "JSON")
        [(records,)] = self._rows("text_kinds_events", {"files": [path], "columns": columns})
        return bool(records)

    # Songs

    def _stage_songs(self, files: Sequence[Numbered]) -> None:
        contents = self.fetch.read_many([one.file for one in files])
        for part in reading.join_songs(files, self._number_key, contents):
            self._sample_unknown(part)
            if part.plain:
                self._stage_part(part)
            for one, data in part.odd:
                self._stage_odd_song(one, data)
            self._done(sum(one.file.size for one in part.plain))

    def _stage_part(self, part: SongPart) -> None:
        numbers = [one.number for one in part.plain]
        try:
            with self._transaction():
                self._read_songs(part.data)
                span = {"first": numbers[0], "last": numbers[-1]}
                [(found, doubt)] = self._rows("part_doubts_songs", span)
                if found != len(numbers) or doubt:
                    raise Refused
        except (Refused, *DataErrors):
            records = (
                (one, 1, b"{" + line.partition(b",")[2])
                for one, line in zip(part.plain, bytes(part.data).split(b"\n"), strict=False)
            )
            accepted = [self._accepted_record(*record, SONG_FIELDS) for record in records]
            with self._transaction():
                self._read_songs(b"".join(accepted))
        else:
            self.records_read.update(numbers)

    def _stage_odd_song(self, one: Numbered, data: bytes) -> None:
        if one.file.path.endswith(".gz"):
            try:
                data = gzip.decompress(data)
            except (EOFError, OSError, zlib.error) as error:
                self._reject(one, 1, Rejection("encoding", f"damaged gzip: {error}"), data)
                return
        if reading.is_no_text(data, SONG_FIELDS):
            self._reject(one, 1, Rejection("encoding", "the file is no text"), data)
            return
        accepted = self._accepted(one, reading.song_records(data, SONG_FIELDS), SONG_FIELDS)
        with self._transaction():
            self._read_songs(b"".join(accepted))
        self._done(one.file.size)

    def _read_songs(self, data: bytes | bytearray) -> None:
        columns = _columns(SONG_FIELDS, self._number_key)
        parameters = {"files": [str(self._write(data))], "columns": columns}
        self._connection.execute(_SQL["read_songs"].sql, parameters)

    def _sample_unknown(self, part: SongPart) -> None:
        known = {field.key for field in SONG_FIELDS} | {self._number_key}
        for one, line in zip(part.plain, bytes(part.data).split(b"\n"), strict=False):
            if one.number >= _SAMPLED_SONGS:
                break
            try:
                self.unknown.update(json.loads(line).keys() - known)
            except (ValueError, RecursionError):
                continue

    # Records, the careful way

    def _accepted(
        self, one: Numbered, records: Iterable[tuple[int, bytes]], fields: Sequence[Field]
    ) -> Iterator[bytes]:
        for line_number, record in records:
            yield self._accepted_record(one, line_number, record, fields)

    def _accepted_record(
        self, one: Numbered, line_number: int, record: bytes, fields: Sequence[Field]
    ) -> bytes:
        """Judge one record: as a line for the fast way, or nothing, when it is rejected."""
        try:
            accepted = accept(decode(record, fields), fields)
        except Rejection as why:
            self._reject(one, line_number, why, record)
            return b""
        self.records_read[one.number] += 1
        values: dict[str, Any] = {self._number_key: one.number}
        values |= {field.key: accepted[field.column] for field in fields if field.key}
        return json.dumps(values).encode() + b"\n"

    def _reject(self, one: Numbered, line_number: int, why: Rejection, record: bytes) -> None:
        self.records_read[one.number] += 1
        self.rejects.add(one.number, line_number, why, record)

    # The engine

    def _write(self, data: bytes | bytearray) -> Path:
        path = self._workspace / "piece.ndjson"
        path.write_bytes(data)
        return path

    def _rows(self, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(_SQL[name].sql, parameters).fetchall()

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


def _columns(fields: Sequence[Field], number_key: str) -> dict[str, str]:
    """Say to read_json how to read each field: a text as such, all else as the JSON it is."""
    texts = (Type.TEXT, Type.TEXT_OR_NUMBER)
    columns = {
        # A column that the JSONPaths file leaves out is read from a key that nothing has.
        field.key or f"{number_key}_{field.column}": "VARCHAR" if field.type in texts else "JSON"
        for field in fields
    }
    return {**columns, number_key: "INTEGER"}


def _is_plain_path(path: str) -> bool:
    """Whether DuckDB takes a path as it is: no pattern, and a name in UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _GLOB_CHARACTERS.search(path)


def fields_of(kind: Kind, keys: Sequence[str]) -> tuple[Field, ...]:
    """Take the fields of a kind of file, those of events with the keys of the JSONPaths file."""
    if kind == "songs":
        return SONG_FIELDS
    return tuple(replace(field, key=key) for field, key in zip(EVENT_FIELDS, keys, strict=True))
