"""COPY of JSON or Parquet from the stand-in's S3 into PostgreSQL, with Redshift's load errors."""

from __future__ import annotations

import json
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from psycopg import sql

from .bucket_reader import BucketReader, service_error, split_address
from .context import Connection, Context
from .copy_command import CopyCommand, parse
from .errors import RedshiftError, detailed
from .json_values import (
    BadValueError,
    Column,
    LoadError,
    Options,
    converters,
    json_objects,
)
from .tokens import Token
from .unloading import PARQUET_TYPES

Finder = Callable[[dict[str, Any]], Any]
_TYPES = {
    16: "bool", 20: "int8", 21: "int2", 23: "int4", 700: "float4", 701: "float8", 1042: "char",
    1043: "varchar", 1082: "date", 1114: "timestamp", 1184: "timestamptz", 1700: "numeric",
    25: "varchar",
}  # fmt: skip
_STEP = re.compile(
    r"\.([A-Za-z_][\w]*)|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*\"([^\"]*)\"\s*\]|\[(\d+)\]"
)


@dataclass
class _Load:
    """A COPY on its way."""

    command: CopyCommand
    context: Context
    connection: Connection
    columns: list[Column]
    loaded: int = 0
    bytes: int = 0
    files: int = 0
    errors: list[tuple[str, int, Column | None, LoadError]] = field(default_factory=list)

    def fail(self, file: str, line: int, column: Column | None, error: LoadError) -> None:
        """Write a bad row down; raises when there are as many as MAXERROR says."""
        self.errors.append((file, line, column, error))
        if len(self.errors) >= max(1, self.command.max_error):
            raise RedshiftError(
                f"ERROR: Load into table '{self.command.table}' failed."
                " Check 'sys_load_error_detail' system table for details."
            )


def copy(connection: Connection, context: Context, kept: Sequence[Token]) -> int:
    """Run a COPY; returns the rows loaded. Raises RedshiftError, AbortedError."""
    command = parse(kept)
    columns = _columns(connection, command)
    reader = BucketReader(context, command.role, command.region)
    files = _manifest(reader, command.source) if "MANIFEST" in command.flags else None
    if files is None:
        files = reader.found(command.source)
    load = _Load(command, context, connection, columns)
    finders = _finders(command, columns, reader)
    options = Options(
        time_format=command.time_format,
        replacement=command.replacement,
        null_text=command.null_text,
        empty_as_null="EMPTYASNULL" in command.flags,
        blanks_as_null="BLANKSASNULL" in command.flags,
        truncate="TRUNCATECOLUMNS" in command.flags,
        any_date="ACCEPTANYDATE" in command.flags,
    )
    convert = converters(columns, options)
    status = "failed"
    try:
        rows = _rows(load, reader, files, finders, convert)
        if "NOLOAD" in command.flags:
            load.loaded = sum(1 for _ in rows)
        else:
            _into_table(load, rows)
        status = "completed"
    except BaseException:
        load.loaded = 0
        raise
    finally:
        _write_down(load, status)
    return load.loaded


def _into_table(load: _Load, rows: Iterator[list[str | None]]) -> None:
    names = [sql.Identifier(column.name) for column in load.columns]
    text = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(*load.command.table.split(".")), sql.SQL(", ").join(names)
    )
    with load.connection.cursor() as cursor, cursor.copy(text) as into:
        for row in rows:
            into.write_row(row)
            load.loaded += 1


def _rows(
    load: _Load,
    reader: BucketReader,
    files: Sequence[tuple[str, str]],
    finders: list[Finder],
    convert: list[Callable[[Any], str | None]],
) -> Iterator[list[str | None]]:
    ignore_case = load.command.json == "auto ignorecase"
    pairs = list(zip(load.columns, finders, convert, strict=True))
    for bucket, key in files:
        load.context.check()
        content = reader.read(bucket, key)
        load.files += 1
        load.bytes += len(content)
        name = f"s3://{bucket}/{key}"
        if load.command.parquet:
            yield from _parquet_rows(load, content, name)
            continue
        if "GZIP" in load.command.flags:
            content = _unzipped(content, name)
        for line, found in json_objects(content):
            if isinstance(found, LoadError):
                load.fail(name, line, None, found)
                continue
            if ignore_case:
                found = {key.lower(): value for key, value in found.items()}
            row: list[str | None] = []
            for column, find, one in pairs:
                try:
                    row.append(one(find(found)))
                except BadValueError as bad:
                    load.fail(name, line, column, bad.error)
                    break
            else:
                yield row


def _parquet_rows(load: _Load, content: bytes, name: str) -> Iterator[list[str | None]]:
    """The rows of a Parquet file, whose columns must be the table's by place, type and width."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        path = Path(folder, "rows.parquet")
        path.write_bytes(content)
        try:
            found = engine.from_parquet(str(path))
        except duckdb.Error as error:
            raise detailed(f"Spectrum Scan Error. {error}", 15007, name) from None
        kinds = [str(kind) for kind in found.types]
        if kinds != [PARQUET_TYPES[column.type] for column in load.columns]:
            raise detailed("Spectrum Scan Error. incompatible Parquet schema", 15007, name)
        for row in found.fetchall():
            for value, column in zip(row, load.columns, strict=True):
                if isinstance(value, str) and len(value.encode()) > column.length:
                    text = "The length of the data column is longer than the length defined"
                    raise detailed(f"Spectrum Scan Error. {text} in the table", 15001, name)
            yield [None if value is None else str(value) for value in row]


def _unzipped(content: bytes, name: str) -> bytes:
    parts = []
    try:
        while content:
            one = zlib.decompressobj(31)
            parts.append(one.decompress(content) + one.flush())
            if not one.eof:
                raise zlib.error("the file ends too early")
            content = one.unused_data
    except zlib.error:
        message = "failed to inflate with GZIP. zlib error code: -3"
        raise detailed(message, 8001, f"S3 key being read : {name}") from None
    return b"".join(parts)


def _manifest(reader: BucketReader, address: str) -> list[tuple[str, str]]:
    """The files that a manifest names: one named twice is loaded twice."""
    bucket, key = split_address(address)
    context = f"Manifest file: {address}"
    if not reader.there(bucket, key):
        raise detailed(f"The specified S3 prefix '{key}' does not exist", 8001, context)
    try:
        entries = json.loads(reader.read(bucket, key))["entries"]
        named = [(split_address(one["url"]), one.get("mandatory", False)) for one in entries]
    except (ValueError, KeyError, TypeError):
        raise detailed("Invalid manifest file: it is no JSON with entries", 8001, context) from None
    found = []
    for (of_bucket, of_key), mandatory in named:
        if reader.there(of_bucket, of_key):
            found.append((of_bucket, of_key))
        elif mandatory:
            where = f"S3 key being read : s3://{of_bucket}/{of_key}"
            raise service_error("The specified key does not exist.", 404, "NoSuchKey", where)
    if not found:
        raise detailed("No files found that the manifest names", 8001, context)
    return found


def _columns(connection: Connection, command: CopyCommand) -> list[Column]:
    rows = connection.execute(
        b"SELECT attname, atttypid::int, atttypmod, attnotnull, attidentity::text"
        b" FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
        b" AND NOT attisdropped ORDER BY attnum",
        [".".join(f'"{part}"' for part in command.table.split("."))],
    ).fetchall()
    if not rows:
        raise RedshiftError(f'ERROR: relation "{command.table}" does not exist')
    known = {str(row[0]): _column(*row[:4]) for row in rows if row[4] != "a"}
    for name in command.columns:
        if name not in known:
            raise RedshiftError(
                f'ERROR: column "{name}" of relation "{command.table}" does not exist'
            )
    if len({*command.columns}) < len(command.columns):
        raise RedshiftError("ERROR: a column is specified more than once")
    return [known[name] for name in command.columns or known]


def _column(name: str, oid: int, modifier: int, filled: bool) -> Column:
    kind = _TYPES[oid]
    length, scale = 0, 0
    if kind in ("varchar", "char"):
        length = modifier - 4 if modifier > 4 else 65535
    elif kind == "numeric":
        length, scale = (modifier - 4) >> 16, (modifier - 4) & 0xFFFF
    return Column(name, kind, length, scale, filled)


def _finders(command: CopyCommand, columns: Sequence[Column], reader: BucketReader) -> list[Finder]:
    """For each column what takes its value out of an object."""
    option = command.json
    if option.startswith("s3://"):
        paths = _paths(reader, option)
        if paths is not None:
            if len(paths) != len(columns):
                raise detailed(
                    "Number of jsonpaths and the number of columns should match. JSONPath size:"
                    f" {len(paths)}, Number of columns in table or column list: {len(columns)}",
                    8001,
                    option,
                )
            return [_along(_steps(path)) for path in paths]
        command.json = "auto"
    elif option not in ("auto", "auto ignorecase"):
        raise RedshiftError(f"ERROR: Invalid JSON option: '{option}'")
    return [_member(column.name) for column in columns]


def _member(name: str) -> Finder:
    return lambda found: found.get(name)


def _paths(reader: BucketReader, address: str) -> list[str] | None:
    """The paths of a jsonpaths file; None when it names none, which is taken as 'auto'."""
    bucket, key = split_address(address)
    content = reader.read(bucket, key)
    try:
        found = json.loads(content)
    except ValueError:
        raise detailed("Invalid JSONPath format: it is no JSON", 8001, address) from None
    return found.get("jsonpaths") if isinstance(found, dict) else None


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 1
    kinds = set()
    if not path.startswith("$"):
        raise detailed(f"Invalid JSONPath format: {path}", 8001)
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise detailed(f"Invalid JSONPath format: {path}", 8001)
        dot, single, double, index = match.groups()
        kinds.add("dot" if dot else "bracket")
        steps.append(int(index) if index else dot or single or double or "")
        position = match.end()
    if len(kinds) > 1 or not steps:
        raise detailed(f"Invalid JSONPath format: {path}", 8001)
    return steps


def _along(steps: Sequence[str | int]) -> Finder:
    if len(steps) == 1 and isinstance(steps[0], str):
        return _member(steps[0])

    def find(found: Any) -> Any:
        for step in steps:
            if isinstance(step, int):
                if not isinstance(found, list) or step >= len(found):
                    text = "Invalid JSONPath format: Not an array or index out of range."
                    raise BadValueError(1216, text)
                found = found[step]
            elif isinstance(found, dict):
                found = found.get(step)
            elif found is None:
                return None
            else:
                raise BadValueError(1216, "Invalid JSONPath format: Member is not an object.")
        return found

    return find


def _write_down(load: _Load, status: str) -> None:
    """Load errors and history, in a session of their own: they outlive a rollback."""
    context, now = load.context, datetime.now(UTC).replace(tzinfo=None)
    begun = context.started.replace(tzinfo=None)
    with context.side() as side, side.cursor() as cursor:
        for file, line, column, error in load.errors:
            cursor.execute(
                "INSERT INTO stand_in.load_errors VALUES"
                " (100, %s, 0, 0, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    *(context.query_id, context.database, now, file, line),
                    *((column.name, column.type, str(column.length)) if column else ("", "", "")),
                    *(error.position, error.code, error.message),
                ],
            )
        cursor.execute(
            "INSERT INTO stand_in.loads VALUES (100, %s, 0, 0, %s, %s, %s, %s, %s, %s, %s, 'JSON',"
            " %s, %s, %s, %s, %s, %s, %s)",
            [
                *(context.query_id, context.database, status, load.command.table, begun, now),
                *(int((now - begun).total_seconds() * 1e6), load.command.source, load.loaded),
                *(load.bytes, load.files, load.bytes, load.files, load.bytes, len(load.errors)),
            ],
        )
