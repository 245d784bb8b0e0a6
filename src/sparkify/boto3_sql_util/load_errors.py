"""What a COPY could not load, from sys_load_error_detail: file, line, column, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..sql_queries import folder
from .execution import execute
from .quoting import quote_literal
from .results import fetch
from .wording import cut, tidy

if TYPE_CHECKING:
    from .connection import Connection

_LAG_SECONDS = (0.5, 1.0, 2.0)
"""Pauses before an empty answer is asked for again: the view lags behind the failure."""
_SECONDS = 60.0
_LONGEST_VALUE = 200

# dg/r_Load_Error_Reference
CODES = {
    1200: "the line cannot be parsed",
    1201: "no field delimiter in the file",
    1202: "more fields than columns",
    1203: "fewer fields than columns",
    1204: "the value is out of the range, or longer than the length, of the column",
    1205: "not a date in the expected format",
    1206: "not a timestamp in the expected format",
    1207: "not a whole number: a character is no digit",
    1208: "not a floating-point number",
    1209: "not a decimal number",
    1210: "not a boolean",
    1211: "the line is empty",
    1212: "the file is not there",
    1213: "no value for a column that must have one (NOT NULL)",
    1214: "a delimiter is missing",
    1215: "not a text that CHAR takes: single-byte characters only",
    1216: "the line is not valid",
    1217: "not a value for an identity column",
    1218: "a NUL character in a longer text",
    1219: "a wrong digit in a hexadecimal UTF-8 code",
    1220: "not valid UTF-8",
    1221: "the file has another encoding than the statement says",
    1222: "the whole number is too large or too small for the column",
    1223: "a type that cannot be loaded",
    1224: "not valid JSON for a SUPER column",
    8001: "the manifest names something that is no whole address of an S3 object",
    9005: "a wrong end key",
}


@dataclass(frozen=True)
class LoadError:
    """One value that could not be loaded.

    file: s3:// address. line: of the file, the object's last line where it has several; from 1.
    column, type, length: of the table. position: in the field. code: of the load error reference.
    cause: the code in words. message: what the engine says. value: the offending value, where
    somebody has read it from the file (see `Diagnosis.with_values`); the view has it not.
    """

    file: str
    line: int
    column: str
    type: str
    code: int
    cause: str
    message: str = ""
    length: str = ""
    position: int | None = None
    value: str | None = None

    @property
    def text(self) -> str:
        """The error as part of a sentence: where, and why."""
        where = [self.file, f"line {self.line}"] if self.file else []
        if self.column:
            length = f"({self.length})" if self.length.isdecimal() and self.length != "0" else ""
            where.append(f"column {self.column}" + (f" ({self.type}{length})" if self.type else ""))
        why = self.message or self.cause
        if self.message and self.cause and self.cause != self.message:
            why = f"{self.message} ({self.cause})"
        value = "" if self.value is None else f"; the value is {cut(self.value, _LONGEST_VALUE)!r}"
        return f"{', '.join(where)}: {why}{value}" if where else f"{why}{value}"

    def as_json(self) -> dict[str, Any]:
        """Show the error in JSON values."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "type": self.type,
            "code": self.code,
            "cause": self.cause,
            "message": self.message,
            "value": None if self.value is None else cut(self.value, _LONGEST_VALUE),
        }


def load_errors(connection: Connection, query_id: int, *, expected: bool = True) -> list[LoadError]:
    """Read the load errors of one query, up to 20.

    expected: there should be some, so that an empty answer is asked for again, briefly.
    query_id: of sys_query_history, which is DescribeStatement's RedshiftQueryId. The rows are kept
    although the COPY was rolled back (dg/SYS_LOAD_ERROR_DETAIL).
    Raises WarehouseError or SettingsError when they cannot be read.
    """
    sql = folder("redshift")["load_errors"].sql.replace(":query_id", quote_literal(str(query_id)))
    found = _rows(connection, sql)
    for pause in _LAG_SECONDS:
        if expected and not found:
            connection.clock.sleep(pause)
            found = _rows(connection, sql)
    return [_load_error(row, connection.secrets) for row in found]


def _rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return fetch(connection, execute(connection, sql, deadline=_SECONDS)).rows


def _load_error(row: tuple[Any, ...], secrets: tuple[str, ...]) -> LoadError:
    file, line, column, kind, length, position, code, message = row
    code = int(code or 0)
    message = tidy(str(message or ""), secrets)
    return LoadError(
        file=str(file or "").strip(),
        line=int(line or 0),
        column=str(column or "").strip(),
        type=str(kind or "").strip(),
        code=code,
        cause=CODES.get(code, message or f"load error {code}"),
        message=message,
        length=str(length or "").strip(),
        position=None if position is None else int(position),
    )
