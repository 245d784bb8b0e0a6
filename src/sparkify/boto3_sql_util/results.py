"""The rows of a statement, page by page: as Python values, or as a pandas DataFrame.

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
| GEOMETRY, GEOGRAPHY, HLLSKETCH, INTERVAL, unknown types | str, as the service writes it |

NULL is None. A moment that Python has no value for (a year before 1 or after 9999, 24:00:00) stays
text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

from ..aws import error_code, error_message
from ..errors import WarehouseError
from ..table import Table
from .connection import Connection
from .errors import GaveUpError, one_line
from .execution import Statement, execute

if TYPE_CHECKING:
    import pandas

PAGE_SECONDS = 300.0
"""How long to try for one page."""
Field = Mapping[str, Any]
"""One value as the Data API returns it: one member, named by its kind (redshift-data Field)."""

_SELECTS = re.compile(r"(?:\s|--[^\n]*\n|\()*(?:select|with|show)\b", re.IGNORECASE)
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
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
_TYPE = re.compile(r"(?P<name>[a-z0-9_ ]+)(?:\((?P<digits>\d+)(?:, *(?P<scale>\d+))?\))?")
_DTYPES = {
    "whole": "Int64",
    "float": "Float64",
    "bool": "boolean",
    "char": "string",
    "text": "string",
    "date": "datetime64[us]",
    "timestamp": "datetime64[us]",
    "timestamptz": "datetime64[us, UTC]",
}
_INT64_DIGITS = 18


@dataclass(frozen=True)
class Column:
    """A column of a result. kind: `text`, or a key of `_KINDS`. digits: of a DECIMAL."""

    name: str
    kind: str
    digits: int
    scale: int

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Column:
        """Return the column that metadata describes (redshift-data ColumnMetadata)."""
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

    @property
    def dtype(self) -> str:
        """The pandas dtype; it depends on the column alone, never on its values."""
        if self.kind == "decimal":
            return "Int64" if self.is_whole and 0 < self.digits <= _INT64_DIGITS else "object"
        return _DTYPES.get(self.kind, "object")

    def value(self, field: Field) -> Any:
        """Return a field as a Python value."""
        if field.get("isNull"):
            return None
        [raw] = field.values()
        return _whole_number(raw) if self.is_whole else _CONVERT[self.kind](raw)


_Moment = TypeVar("_Moment", datetime, time)
_Page = tuple[tuple[Column, ...], Sequence[Sequence[Field]]]


class _NoResultError(WarehouseError):
    """There is no such result: it is no longer kept, or there never was one."""


def fetch(connection: Connection, statement: Statement, number: int = 0) -> Table:
    """Return all rows of a statement as Python values.

    number: which statement of a batch, from 0. One without a result has no columns and no rows.
    Raises WarehouseError when the result is no longer kept, or a page cannot be fetched.
    """
    names: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = []
    for columns, records in _pages(connection, statement, number):
        names = tuple(column.name for column in columns)
        convert = [column.value for column in columns]
        rows += (
            tuple(one(field) for one, field in zip(convert, record, strict=True))
            for record in records
        )
    return Table(names, rows)


def to_dataframe(
    connection: Connection, statement_or_sql: Statement | str, number: int = 0
) -> pandas.DataFrame:
    """Return all rows of a statement, or of SQL that is run first, as a DataFrame.

    number: which statement of a batch, from 0.
    The dtypes depend on the columns alone, never on the rows: Int64, Float64, boolean, string,
    datetime64[us] (DATE too), datetime64[us, UTC], and object for the rest: DECIMAL as Decimal (as
    int with scale 0 and more than 18 digits; Int64 with fewer), TIME, bytes. NULL is pandas.NA,
    or NaT. Columns may have the same name. Only a moment outside Python's years makes its column
    one of objects.

    Raises what `execute` and `fetch` raise.
    """
    import pandas as pd

    if isinstance(statement_or_sql, str):
        statement_or_sql = execute(connection, statement_or_sql)
    columns: tuple[Column, ...] = ()
    chunks: list[list[pandas.Series]] = []
    for columns, records in _pages(connection, statement_or_sql, number):
        chunks = chunks or [[] for _ in columns]
        for place, column in enumerate(columns):
            values = [column.value(record[place]) for record in records]
            chunks[place].append(_series(column.dtype, values))
    frame = pd.DataFrame({place: _joined(some) for place, some in enumerate(chunks)})
    frame.columns = pd.Index([column.name for column in columns], dtype=object)
    return frame


def _pages(connection: Connection, statement: Statement, number: int) -> Iterator[_Page]:
    """Fetch a result page by page, each with all columns; an empty one has one without rows."""
    if statement.has_result[number] is False:
        return
    part = statement.parts[number]
    columns: tuple[Column, ...] | None = None
    seen: set[str] = set()
    more: dict[str, Any] = {}
    while True:
        try:
            answer = connection.call_with_retries(
                "get_statement_result", PAGE_SECONDS, explain=_no_result, Id=part, **more
            )
        except _NoResultError:
            if statement.has_result[number] or _SELECTS.match(statement.sqls[number]):
                raise
            return
        except GaveUpError as gave_up:
            raise WarehouseError(
                f"a page of result {part} cannot be fetched ({gave_up.said})",
                "Run the command again.",
            ) from None
        records = answer.get("Records") or ()
        if columns is None:
            columns = tuple(Column.of(one) for one in answer.get("ColumnMetadata") or ())
        if records and len(records[0]) != len(columns):
            raise WarehouseError(
                f"result {part} has rows of {len(records[0])} values but {len(columns)} columns",
                "Run the command again.",
            )
        yield columns, records
        token = answer.get("NextToken")
        if not token:
            return
        if token in seen:
            raise WarehouseError(
                f"the pages of result {part} go round in a circle", "Run the command again."
            )
        seen.add(token)
        more = {"NextToken": token}


def _no_result(error: BaseException) -> _NoResultError | None:
    """Return the error of a result that is not there, if that is what an exception says."""
    said = error_message(error)
    if error_code(error) == "ValidationException" and "result" in said.lower():
        return _NoResultError(f"there is no such result: {one_line(said)}")
    if error_code(error) != "ResourceNotFoundException":
        return None
    return _NoResultError(
        "the result is gone: the Data API keeps results for 24 hours",
        "Run the command again.",
    )


# Python values


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


def _unhexlified(text: str) -> bytes:
    """Return the bytes of hexadecimal text, which is how VARBYTE is shown (dg/r_VARBYTE_type)."""
    return bytes.fromhex(text.removeprefix("\\x").removeprefix("0x"))


def _zoned(moment: _Moment) -> _Moment:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _or_text(convert: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Return a conversion that leaves as they are the texts that it cannot convert."""

    def converted(raw: Any) -> Any:
        try:
            return convert(str(raw))
        except (ValueError, OverflowError):
            return str(raw)

    return converted


_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "whole": _whole_number,
    "float": float,
    "decimal": _decimal,
    "bool": _bool,
    "char": lambda raw: str(raw).rstrip(" "),
    "date": _or_text(date.fromisoformat),
    "timestamp": _or_text(datetime.fromisoformat),
    "timestamptz": _or_text(lambda text: _zoned(datetime.fromisoformat(text)).astimezone(UTC)),
    "time": _or_text(time.fromisoformat),
    "timetz": _or_text(lambda text: _zoned(time.fromisoformat(text))),
    "bytes": lambda raw: raw if isinstance(raw, bytes) else _or_text(_unhexlified)(raw),
    "text": lambda raw: raw,
}


# pandas


def _series(dtype: str, values: Sequence[Any]) -> pandas.Series:
    import pandas as pd

    if dtype == "Float64":  # pandas' own conversion would take NaN for NULL
        null = [value is None for value in values]
        numbers = [float("nan") if value is None else value for value in values]
        array = pd.Series(numbers, dtype="float64").to_numpy()
        return pd.Series(pd.arrays.FloatingArray(array, pd.Series(null, dtype=bool).to_numpy()))
    if dtype == "string":
        values = [value if value is None else str(value) for value in values]
    elif dtype.startswith("datetime64") and any(isinstance(value, str) for value in values):
        dtype = "object"
    if dtype == "object":
        return pd.Series([pd.NA if value is None else value for value in values], dtype=object)
    return pd.Series(values, dtype=dtype)


def _joined(chunks: list[pandas.Series]) -> pandas.Series:
    import pandas as pd

    if len({chunk.dtype for chunk in chunks}) > 1:
        chunks = [chunk.astype(object).where(chunk.notna(), pd.NA) for chunk in chunks]
    return pd.concat(chunks, ignore_index=True)
