"""A result of PostgreSQL as the Data API gives it: metadata of columns, fields by type, pages."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.pq.abc import PGresult

from .errors import RedshiftError

Field = dict[str, Any]
_TYPES = {
    16: ("bool", 1), 20: ("int8", 19), 21: ("int2", 5), 23: ("int4", 10), 25: ("varchar", 0),
    700: ("float4", 8), 701: ("float8", 17), 705: ("varchar", 0), 1042: ("bpchar", 0),
    1043: ("varchar", 0), 1082: ("date", 13), 1083: ("time", 15), 1114: ("timestamp", 29),
    1184: ("timestamptz", 35), 1186: ("interval", 49), 1700: ("numeric", 38),
}  # fmt: skip
"""typeName and precision of PostgreSQL's types by their number."""
_WHOLE = frozenset((20, 21, 23))
_FLOATS = frozenset((700, 701))
_LONGEST_ROW = 64 * 1024


@dataclass
class Result:
    """A result set, kept until it is fetched. size: in bytes."""

    columns: list[dict[str, Any]]
    records: list[list[Field]]
    size: int = 0
    lost_pages: set[int] = field(default_factory=set)


def result_of(connection: psycopg.Connection[tuple[Any, ...]], found: PGresult) -> Result:
    """Decode a result. Raises RedshiftError for a type or a row that the Data API refuses."""
    names = _sources(connection, found)
    columns = [_column(found, index, names) for index in range(found.nfields)]
    oids = [found.ftype(index) for index in range(found.nfields)]
    records, total = [], 0
    for row in range(found.ntuples):
        values = [found.get_value(row, index) for index in range(found.nfields)]
        size = sum(len(value) for value in values if value is not None)
        if size > _LONGEST_ROW:
            raise RedshiftError("ERROR: The size of a row exceeds the maximum of 64 KB")
        total += size
        records.append([_field(oid, value) for oid, value in zip(oids, values, strict=True)])
    return Result(columns, records, total)


def _field(oid: int, value: bytes | None) -> Field:
    if value is None:
        return {"isNull": True}
    text = value.decode()
    if oid in _WHOLE:
        return {"longValue": int(text)}
    if oid in _FLOATS:
        return {"doubleValue": float(text)}
    if oid == 16:
        return {"booleanValue": text == "t"}
    return {"stringValue": text}


def _column(
    found: PGresult, index: int, names: dict[tuple[int, int], tuple[str, str, bool]]
) -> dict[str, Any]:
    oid, modifier = found.ftype(index), found.fmod(index)
    if oid not in _TYPES:
        raise RedshiftError(f"ERROR: a type that Redshift has not comes out of the query: {oid}")
    kind, precision = _TYPES[oid]
    scale = {"timestamp": 6, "timestamptz": 6, "float8": 17, "float4": 8}.get(kind, 0)
    if oid in (1042, 1043) and modifier > 4:
        precision = modifier - 4
    if oid == 1700 and modifier > 4:
        precision, scale = (modifier - 4) >> 16, (modifier - 4) & 0xFFFF
    label = (found.fname(index) or b"").decode()
    schema, table, filled = names.get(
        (found.ftable(index), found.ftablecol(index)), ("", "", False)
    )
    return {
        "isCaseSensitive": kind in ("varchar", "bpchar"),
        "isCurrency": False,
        "isSigned": oid in _WHOLE or oid in _FLOATS or oid == 1700,
        "label": label,
        "name": label,
        "length": 0,
        "nullable": 0 if filled else 1,
        "precision": precision,
        "scale": scale,
        "schemaName": schema,
        "tableName": table,
        "typeName": kind,
    }


def _sources(
    connection: psycopg.Connection[tuple[Any, ...]], found: PGresult
) -> dict[tuple[int, int], tuple[str, str, bool]]:
    """Schema, table and NOT NULL of the columns that come straight from a table."""
    tables = sorted({found.ftable(index) for index in range(found.nfields)} - {0})
    if not tables:
        return {}
    rows = connection.execute(
        b"SELECT a.attrelid::bigint, a.attnum::int, n.nspname::text, c.relname::text, a.attnotnull"
        b" FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid"
        b" JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        b" WHERE a.attrelid::bigint = ANY(%s::bigint[])",
        [tables],
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def as_csv(result: Result, records: list[list[Field]], *, header: bool) -> str:
    """Records as the CSV text of a result format of that name."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow([column["label"] for column in result.columns])
    for record in records:
        writer.writerow(
            ["" if "isNull" in one else str(next(iter(one.values()))) for one in record]
        )
    return text.getvalue()
