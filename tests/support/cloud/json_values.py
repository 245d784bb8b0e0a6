"""JSON as COPY takes it: objects one after the other, values as text for each column's type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

LONGEST_ROW = 4 * 1024 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RANGES = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_LABELS = {"int2": "Short", "int4": "Integer", "int8": "Long", "float8": "Double", "float4": "Real"}


class Number(str):
    """A JSON number, as it is written."""

    __slots__ = ()


class LoadError(NamedTuple):
    """Why a value or an object can't be loaded; position: within the value."""

    code: int
    message: str
    position: int = 0


class BadValueError(Exception):
    """A value can't be loaded."""

    def __init__(self, code: int, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.error = LoadError(code, message, position)


@dataclass(frozen=True)
class Column:
    """A column to load: its type as Redshift names it, its width in bytes (0: none)."""

    name: str
    type: str
    length: int = 0
    scale: int = 0
    filled: bool = False


@dataclass(frozen=True)
class Options:
    """What a COPY says of values."""

    time_format: str = ""
    replacement: str | None = None
    null_text: str = "\\N"
    empty_as_null: bool = False
    blanks_as_null: bool = False
    truncate: bool = False
    any_date: bool = False


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def json_objects(content: bytes) -> Iterator[tuple[int, Any | LoadError]]:
    """Every root-level value with the number of its last line; a LoadError where none can be read.

    After text that is no JSON it goes on behind the next line break. Bytes that are no UTF-8
    become lone surrogates.
    """
    text = content.decode("utf-8", "surrogateescape")
    position, line, end = 0, 1, len(text)
    while True:
        match = _SPACE.match(text, position)
        start = match.end() if match else position
        line += text.count("\n", position, start)
        if start >= end:
            return
        try:
            found, position = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = text.find("\n", start)
            yield line, LoadError(1216, "Invalid JSON object: invalid value")
            if position < 0:
                return
            continue
        line += text.count("\n", start, position)
        if position - start > LONGEST_ROW:
            size = LONGEST_ROW
            yield line, LoadError(1216, f"JSON object is longer than the maximum of {size} bytes")
        elif not isinstance(found, dict):
            yield line, LoadError(1216, "Invalid JSONPath format: Member is not an object.")
        else:
            yield line, found


def as_text(value: Any) -> str:
    """The text of a JSON value: a string as it is, an object or array as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json_text(value)


def json_text(value: Any) -> str:
    """A value as JSON, its numbers as they were written."""
    if isinstance(value, Number):
        return value
    if isinstance(value, dict):
        inside = ",".join(f"{json_text(key)}:{json_text(one)}" for key, one in value.items())
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


Converter = Callable[[Any], str | None]


def converters(columns: Sequence[Column], options: Options) -> list[Converter]:
    """For each column what makes a JSON value the text that PostgreSQL takes.

    They raise BadValueError.
    """
    return [_converter(column, options) for column in columns]


def _converter(column: Column, options: Options) -> Converter:
    convert = _by_type(column, options)
    is_text = column.type in ("varchar", "char")

    def whole(value: Any) -> str | None:
        found = None
        if value is not None:
            text = as_text(value)
            if (text or is_text) and text != options.null_text:
                found = convert(text)
        if found is None and column.filled:
            raise BadValueError(1213, "Missing data for not-null field")
        return found

    return whole


def _by_type(column: Column, options: Options) -> Callable[[str], str | None]:
    match column.type:
        case "varchar" | "char":
            return lambda text: _text(text, column, options)
        case "int2" | "int4" | "int8":
            return lambda text: _whole(text, column.type)
        case "float4" | "float8":
            return lambda text: _float(text, column.type)
        case "numeric":
            return lambda text: _numeric(text, column)
        case "bool":
            return _bool
        case "timestamp" | "timestamptz":
            return lambda text: _moment(text, options)
        case "date":
            return _date
    raise NotImplementedError(f"the stand-in's COPY does not know {column.type}")


def _text(text: str, column: Column, options: Options) -> str | None:
    if (options.empty_as_null and not text) or (options.blanks_as_null and text.isspace()):
        return None
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        if options.replacement is None:
            found = text[error.start].encode("utf-8", "surrogatepass").hex()
            raise BadValueError(
                1220,
                "String contains invalid or unsupported UTF8 codepoints."
                f" Bad UTF8 hex sequence: {found} (error 1)",
                error.start,
            ) from None
        replacement = options.replacement
        text = "".join(replacement if "\ud800" <= sign <= "\udfff" else sign for sign in text)
        raw = text.encode()
    if "\0" in text:
        raise BadValueError(
            1220, "String contains invalid or unsupported UTF8 codepoints.", text.index("\0")
        )
    if column.type == "char" and len(raw) != len(text):
        raise BadValueError(1215, "CHAR string contains invalid ASCII char")
    if len(raw) > column.length:
        if not options.truncate:
            raise BadValueError(1204, "String length exceeds DDL length", column.length)
        return raw[: column.length].decode("utf-8", "ignore")
    return text


def _digit(text: str, place: int, kind: str, code: int = 1207) -> BadValueError:
    shown = text[place : place + 1]
    return BadValueError(
        code, f"Invalid digit, Value '{shown}', Pos {place}, Type: {_LABELS.get(kind, kind)}", place
    )


def _whole(text: str, kind: str) -> str:
    trimmed = text.strip(" ")
    if not _WHOLE.fullmatch(trimmed):
        match = _WHOLE.match(trimmed)
        raise _digit(trimmed, match.end() if match else 0, kind)
    if not -_RANGES[kind] <= int(trimmed) < _RANGES[kind]:
        raise BadValueError(1222, f"Overflow, Value '{trimmed}', Type: {_LABELS[kind]}")
    return trimmed


def _float(text: str, kind: str) -> str:
    trimmed = text.strip(" ")
    if not _FLOAT.fullmatch(trimmed):
        match = _FLOAT.match(trimmed)
        raise _digit(trimmed, match.end() if match else 0, kind, 1208)
    if abs(float(trimmed)) == float("inf"):
        raise BadValueError(1208, f"Overflow, Value '{trimmed}', Type: {_LABELS[kind]}")
    return trimmed


def _numeric(text: str, column: Column) -> str:
    try:
        value = Decimal(text.strip(" "))
        if not _FLOAT.fullmatch(text.strip(" ")):
            raise InvalidOperation
    except InvalidOperation:
        raise _digit(text, 0, "Decimal", 1209) from None
    rounded = value.quantize(Decimal(1).scaleb(-column.scale), ROUND_HALF_UP)
    if abs(rounded) >= Decimal(10) ** (column.length - column.scale):
        raise BadValueError(1209, f"Overflow, Value '{text}', Type: Decimal")
    return str(rounded)


def _bool(text: str) -> str:
    lowered = text.strip(" ").lower()
    if lowered in ("true", "t", "yes", "y", "1"):
        return "t"
    if lowered in ("false", "f", "no", "n", "0"):
        return "f"
    raise BadValueError(1210, "Unknown boolean format")


def _moment(text: str, options: Options) -> str | None:
    try:
        return _as_moment(text, options.time_format)
    except BadValueError:
        if options.any_date:
            return None
        raise


def _as_moment(text: str, time_format: str) -> str:
    if time_format in ("epochmillisecs", "epochsecs"):
        if not _WHOLE.fullmatch(text):
            raise BadValueError(1206, f"Invalid timestamp format or value [{time_format}]")
        scale = 1000 if time_format == "epochsecs" else 1
        try:
            moment = _EPOCH + timedelta(milliseconds=int(text) * scale)
        except OverflowError:
            raise BadValueError(1206, "Invalid timestamp: out of range") from None
        return moment.replace(tzinfo=None).isoformat(" ")
    if time_format not in ("", "auto"):
        raise NotImplementedError(f"the stand-in's COPY does not know TIMEFORMAT {time_format!r}")
    trimmed = text.strip(" ").removesuffix("Z").removesuffix("+00")
    try:
        if not _TIME.fullmatch(trimmed):
            raise ValueError(trimmed)
        return datetime.fromisoformat(trimmed).isoformat(" ")
    except ValueError:
        pattern = time_format or "YYYY-MM-DD HH24:MI:SS"
        raise BadValueError(1206, f"Invalid timestamp format or value [{pattern}]") from None


def _date(text: str) -> str:
    try:
        return datetime.strptime(text.strip(" "), "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise BadValueError(1205, "Invalid Date Format - length must be 10 or more") from None
