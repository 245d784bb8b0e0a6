"""A result as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .connection import Connection
from .execution import execute
from .results import pages
from .statement import Statement
from .values import Column

if TYPE_CHECKING:
    import pandas

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


def to_dataframe(
    connection: Connection, statement_or_sql: Statement | str, number: int = 0
) -> pandas.DataFrame:
    """Fetch all rows of a statement, or of SQL that is run first, as a DataFrame.

    number: which statement of a batch, from 0.
    The dtypes depend on the columns alone, never on the rows: Int64, Float64, boolean, string,
    datetime64[us] (DATE too), datetime64[us, UTC], and object for the rest: DECIMAL as Decimal (as
    int with scale 0 and more than 18 digits; Int64 with fewer), TIME, bytes. NULL is pandas.NA,
    or NaT. Columns may have the same name. Only a moment outside of Python's years makes its
    column one of objects.

    Raises what `execute` and `fetch` raise.
    """
    import pandas as pd

    if isinstance(statement_or_sql, str):
        statement_or_sql = execute(connection, statement_or_sql)
    columns: tuple[Column, ...] = ()
    chunks: list[list[pandas.Series]] = []
    for page in pages(connection, statement_or_sql, number):
        columns = page.columns
        chunks = chunks or [[] for _ in columns]
        for place, column in enumerate(columns):
            values = [column.value(record[place]) for record in page.records]
            chunks[place].append(_series(column, values))
    frame = pd.DataFrame({place: _joined(some) for place, some in enumerate(chunks)})
    frame.columns = pd.Index([column.name for column in columns], dtype=object)
    return frame


def _dtype(column: Column) -> str:
    if column.kind == "decimal":
        small = column.is_whole and 0 < column.digits <= _INT64_DIGITS
        return "Int64" if small else "object"
    return _DTYPES.get(column.kind, "object")


def _series(column: Column, values: Sequence[Any]) -> pandas.Series:
    import pandas as pd

    dtype = _dtype(column)
    if dtype == "Float64":  # pandas' own conversion would take NaN for NULL
        given = [float("nan") if value is None else value for value in values]
        null = [value is None for value in values]
        array = pd.Series(given, dtype="float64").to_numpy()
        return pd.Series(pd.arrays.FloatingArray(array, pd.Series(null, dtype=bool).to_numpy()))
    if dtype == "string":
        return pd.Series(
            [value if value is None else str(value) for value in values], dtype="string"
        )
    if dtype.startswith("datetime64") and not any(isinstance(value, str) for value in values):
        return pd.Series(values, dtype=dtype)
    if dtype in ("Int64", "boolean"):
        return pd.Series(values, dtype=dtype)
    return pd.Series([pd.NA if value is None else value for value in values], dtype=object)


def _joined(chunks: list[pandas.Series]) -> pandas.Series:
    import pandas as pd

    if len({chunk.dtype for chunk in chunks}) > 1:
        chunks = [chunk.astype(object).where(chunk.notna(), pd.NA) for chunk in chunks]
    return pd.concat(chunks, ignore_index=True)
