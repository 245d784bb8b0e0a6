"""UNLOAD of a query's rows into the stand-in's S3: CSV, JSON or Parquet."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from . import dialect
from .bucket_reader import BucketReader, split_address
from .context import Connection, Context
from .errors import RedshiftError, detailed
from .results import Result, result_of
from .tokens import Token, solid, tokens
from .unload_command import UnloadCommand, parse

_NOT_EMPTY = (
    "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix,"
    " manually removing the target files in S3, or using the ALLOWOVERWRITE option."
)
_SLICES = 2
PARQUET_TYPES = {
    "bool": "BOOLEAN", "int2": "SMALLINT", "int4": "INTEGER", "int8": "BIGINT", "float4": "REAL",
    "float8": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ",
    "varchar": "VARCHAR", "bpchar": "VARCHAR", "time": "TIME",
}  # fmt: skip
Record = Sequence[Mapping[str, Any]]


def unload(connection: Connection, context: Context, kept: Sequence[Token]) -> int:
    """Run an UNLOAD; returns the rows written. Raises RedshiftError, AbortedError."""
    command = parse(kept)
    found = tokens(command.query)
    dialect.check(solid(found))
    reader = BucketReader(context, command.role, command.region)
    bucket, prefix = split_address(command.target)
    there = reader.under(command.target)
    if there and not command.flags & {"ALLOWOVERWRITE", "CLEANPATH"}:
        raise detailed(_NOT_EMPTY, 8001, command.target)
    cursor = connection.cursor()
    cursor.execute(dialect.translate(found).encode())
    assert cursor.pgresult is not None
    result = result_of(connection, cursor.pgresult)
    if "CLEANPATH" in command.flags:
        for key in there:
            reader.delete(bucket, key)
    written = []
    for name, records in _files(command, result).items():
        context.check()
        content = _content(command, result, records)
        reader.write(bucket, prefix + name, content)
        written.append((prefix + name, len(content)))
    if "MANIFEST" in command.flags:
        entries = [
            {"url": f"s3://{bucket}/{key}", "meta": {"content_length": size}}
            for key, size in written
        ]
        reader.write(bucket, prefix + "manifest", json.dumps({"entries": entries}).encode())
    return len(result.records)


def _files(command: UnloadCommand, result: Result) -> dict[str, list[Record]]:
    """The rows of each file, by what follows the prefix in its name."""
    names = [str(column["label"]) for column in result.columns]
    for column in command.partition:
        if column not in names:
            raise RedshiftError(f'ERROR: partition column "{column}" is not in the query')
    places = [names.index(column) for column in command.partition]
    suffix = ".parquet" if command.format == "PARQUET" else ""
    if command.extension is not None:
        suffix = f".{command.extension}"
    elif "GZIP" in command.flags:
        suffix = ".gz"
    files: dict[str, list[Record]] = {}
    for number, record in enumerate(result.records):
        folder = "".join(
            f"{names[place]}={quote(_plain(record[place]), safe='')}/" for place in places
        )
        part = f"{number % _SLICES:04}_part_00" if command.parallel else "000"
        files.setdefault(folder + part + suffix, []).append(record)
    if not files and not places and command.format != "PARQUET":
        files["0000_part_00" + suffix if command.parallel else "000" + suffix] = []
    return files


def _plain(one: Mapping[str, Any]) -> str:
    if "isNull" in one:
        return "__HIVE_DEFAULT_PARTITION__"
    value = next(iter(one.values()))
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _content(command: UnloadCommand, result: Result, records: Sequence[Record]) -> bytes:
    left_out = {} if command.include else dict.fromkeys(command.partition)
    kept = [n for n, column in enumerate(result.columns) if column["label"] not in left_out]
    columns = [result.columns[n] for n in kept]
    rows = [[record[n] for n in kept] for record in records]
    if command.format == "PARQUET":
        return _parquet(columns, rows)
    if command.format == "JSON":
        text = "".join(_json(columns, row) + "\n" for row in rows)
    else:
        text = "".join(_csv(command, row) + "\n" for row in rows)
        if "HEADER" in command.flags:
            text = ",".join(str(column["label"]) for column in columns) + "\n" + text
    content = text.encode()
    return gzip.compress(content, mtime=0) if "GZIP" in command.flags else content


def _csv(command: UnloadCommand, row: Record) -> str:
    fields = []
    for one in row:
        if "isNull" in one:
            fields.append(command.null_text)
            continue
        text = _plain(one)
        special = not text or any(sign in text for sign in ',"\n\r')
        quoting = special or "ADDQUOTES" in command.flags
        fields.append('"' + text.replace('"', '""') + '"' if quoting else text)
    return ",".join(fields)


def _json(columns: Sequence[Mapping[str, Any]], row: Record) -> str:
    found: dict[str, Any] = {}
    for column, one in zip(columns, row, strict=True):
        value = None if "isNull" in one else next(iter(one.values()))
        if column["typeName"] == "numeric" and value is not None:
            value = json.loads(value)
        found[str(column["label"])] = value
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _parquet(columns: Sequence[Mapping[str, Any]], rows: Sequence[Record]) -> bytes:
    types = ", ".join(f"'{column['label']}': '{_parquet_type(column)}'" for column in columns)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        source, target = Path(folder, "rows.json"), Path(folder, "rows.parquet")
        source.write_text("".join(_json(columns, row) + "\n" for row in rows))
        engine.execute(
            f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited',"
            f" columns = {{{types}}})) TO '{target}' (FORMAT PARQUET)"
        )
        return target.read_bytes()


def _parquet_type(column: Mapping[str, Any]) -> str:
    if column["typeName"] == "numeric":
        return f"DECIMAL({column['precision']}, {column['scale']})"
    return PARQUET_TYPES[str(column["typeName"])]
