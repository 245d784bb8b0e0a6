"""The values of a result: from the fields of the Data API to Python, by the type of the column.

| Redshift | Python |
| --- | --- |
| SMALLINT, INTEGER, BIGINT | int |
| REAL, DOUBLE PRECISION | float |
| DECIMAL | decimal.Decimal; int where the scale is 0 |
| BOOLEAN | bool |
| VARCHAR, CHAR | str; CHAR without its padding: trailing blanks mean nothing there and are removed
  when it becomes a VARCHAR (dg/r_Character_types, "Significance of trailing blanks") |
| DATE, TIMESTAMP | datetime.date, datetime.datetime without a zone |
| TIMESTAMPTZ | datetime.datetime in UTC, which is how Redshift keeps it (dg/r_Datetime_types) |
| TIME, TIMETZ | datetime.time; TIMETZ with its offset, UTC where the text has none |
| VARBYTE | bytes |
| SUPER | str: its JSON text, which loses no digit, and tells JSON's null from NULL |
| GEOMETRY, GEOGRAPHY, HLLSKETCH, INTERVAL, and what is unknown | str, as the service writes it |

NULL is None. A moment that Python has no value for (a year before 1 or after 9999, 24:00:00) stays
the text that it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

Field = Mapping[str, Any]
"""One value as the Data API gives it: one member, named by its kind (redshift-data Field)."""

_KINDS = {
    "whole": "int2 int4 int8 smallint integer int bigint oid",
    "float": "float4 float8 float real double double_precision",
    "decimal": "numeric decimal",
    "bool": "bool boolean",
    "char": "bpchar char character nchar",
    "date": "date",
    "timestamp": "timestamp timestamp_without_time_zone",
    "timestamptz": "timestamptz timestamp_with_time_zone",
    "time": "time time_without_time_zone",
    "timetz": "timetz time_with_time_zone",
    "bytes": "varbyte varbinary binary_varying",
}
_TYPE = re.compile(r"(?P<name>[a-z0-9_ ]+)(?:\((?P<digits>\d+)(?:, *(?P<scale>\d+))?\))?")
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


@dataclass(frozen=True)
class Column:
    """A column of a result. kind: `text`, or what `_KINDS` lists. digits: of a DECIMAL."""

    name: str
    kind: str
    digits: int
    scale: int

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Column:
        """Read the metadata that comes with a result (redshift-data ColumnMetadata)."""
        match = _TYPE.match(str(metadata.get("typeName") or "").lower())
        kind = "_".join(match["name"].split()) if match else ""
        digits, scale = metadata.get("precision"), metadata.get("scale")
        if match and match["digits"]:  # numeric(18,5)
            digits, scale = digits or match["digits"], scale or match["scale"]
        return cls(
            name=str(metadata.get("name") or metadata.get("label") or ""),
            kind=_KIND_OF.get(kind, "text"),
            digits=int(digits or 0),
            scale=int(scale or 0),
        )

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.kind == "whole" or (self.kind == "decimal" and self.scale == 0)

    def value(self, field: Field) -> Any:
        """Convert one value."""
        if field.get("isNull"):
            return None
        [raw] = field.values()
        return _whole_number(raw) if self.is_whole else _CONVERT[self.kind](raw)


def _whole_number(raw: Any) -> Any:
    try:
        return int(raw)
    except ValueError:
        return _decimal(raw)


def _decimal(raw: Any) -> Any:
    try:
        return Decimal(str(raw))
    except InvalidOperation:
        return str(raw)


def _bool(raw: Any) -> bool:
    return raw if isinstance(raw, bool) else str(raw).lower() in ("t", "true", "1")


def _timestamp(raw: Any) -> Any:
    return datetime.fromisoformat(str(raw))


def _timestamptz(raw: Any) -> Any:
    moment = datetime.fromisoformat(str(raw))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _timetz(raw: Any) -> Any:
    moment = time.fromisoformat(str(raw))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bytes(raw: Any) -> Any:
    """Take a blob, or hexadecimal text, which is how VARBYTE is shown (dg/r_VARBYTE_type)."""
    if isinstance(raw, bytes | bytearray):
        return bytes(raw)
    return bytes.fromhex(str(raw).removeprefix("\\x").removeprefix("0x"))


def _or_text(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def converted(raw: Any) -> Any:
        try:
            return convert(raw)
        except (ValueError, OverflowError):
            return str(raw)

    return converted


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "whole": _whole_number,
    "float": float,
    "decimal": _decimal,
    "bool": _bool,
    "char": lambda raw: str(raw).rstrip(" "),
    "date": _or_text(lambda raw: date.fromisoformat(str(raw))),
    "timestamp": _or_text(_timestamp),
    "timestamptz": _or_text(_timestamptz),
    "time": _or_text(lambda raw: time.fromisoformat(str(raw))),
    "timetz": _or_text(_timetz),
    "bytes": _or_text(_bytes),
    "text": lambda raw: raw,
}
