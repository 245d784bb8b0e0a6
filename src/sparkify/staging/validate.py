"""Validate one record at a time: the strict path, for what the bulk path leaves in doubt."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from .rules import PLAY_PAGE, PLAY_REQUIRES, RAW_TEXT_BYTES, Field, Type

Record = dict[str, Any]
"""An accepted record: staging column -> int, float, str or None; timestamps in milliseconds."""

SIGN = re.compile("[\u00c2-\u00f4][\u0080-\u00bf]")
"""Text that may have been encoded twice: UTF-8, taken for Latin-1 and encoded again."""
_MOST_TIMES = 3
_SHALLOW = 100
"""The deepest nesting that json.loads is given: where it gives up depends on the Python stack."""
BLANKS = " \t\n\r\f\v"
"""What may surround a record: DuckDB takes form feeds and vertical tabs for blanks there."""
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{\]}]|[^"\[\]{}]++|"', re.DOTALL)
_LENIENT = re.compile(
    r'"(?:[^"\\]++|\\.)*+"|(?P<comma>,)(?=[ \t\n\r]*+(?P<end>[\]}]))'
    r"|(?P<word>-?(?:nan|inf(?:inity)?))",
    re.DOTALL | re.IGNORECASE,
)
_NO_NUMBER = ["\0NaN"]
"""Stands for NaN and Infinity, which only unknown fields may hold."""
_SHOWN_VALUE_CHARACTERS = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
# Longer than any number within a range, and short enough for int() to be quick.
_LONGEST_INTEGER = 400


def mended(text: str) -> str:
    """Return a text as it was before it was encoded twice, up to three times: `BjÃ¶rk` is `Björk`.

    A text without the sign of that (the first two bytes of a character, as two characters), or
    whose bytes are no UTF-8, is returned as it is. Trailing blanks neither come nor go, so a text
    may be stripped before or after.
    """
    for _ in range(_MOST_TIMES):
        if not SIGN.search(text):
            break
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text


def corrections(texts: Iterable[str]) -> dict[str, str]:
    """Return text -> mended text, for those texts that were encoded twice."""
    return {text: better for text in texts if (better := mended(text)) != text}


class Rejection(Exception):
    """Why a record cannot be staged.

    reason: not_json, encoding, missing, type, range, too_long, or conflict. message: names the
    field and its value.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Unreadable(Rejection):
    """The bytes are no JSON object at all."""


class _Integer(int):
    """A number written as an integer, with its literal."""

    literal: str

    def __new__(cls, literal: str) -> _Integer:
        number = super().__new__(cls, literal[:_LONGEST_INTEGER])  # cut, it is out of every range
        number.literal = literal
        return number


class _Decimal(float):
    """A number written with a point or an exponent, with its literal."""

    def __init__(self, literal: str) -> None:
        self.literal = literal


class _Repeated(dict[str, Any]):
    """A JSON object in which a known key stands twice."""

    key: str


def decode(record: bytes, fields: Sequence[Field]) -> Mapping[str, Any]:
    """Parse one record as leniently as the bulk path does.

    Beyond JSON (RFC 8259) that is a comma before a closing bracket, and NaN or Infinity, which no
    known field may hold.
    Raises Unreadable (not_json, encoding), or Rejection when a known field stands twice.
    """
    if b"\0" in record:
        raise Unreadable("encoding", f"a NUL byte: byte {record.index(0) + 1} of the record")
    try:
        text = record.decode("utf-8").strip(BLANKS)
    except UnicodeDecodeError as error:
        raise Unreadable("encoding", f"not UTF-8: byte {error.start + 1} of the record") from None
    known = {field.key for field in fields if field.key}

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = Counter(key for key, _ in pairs)
            if twice := [key for key in known if keys[key] > 1]:
                found = _Repeated(found)
                found.key = min(twice)
        return found

    try:
        try:
            parsed = _parse(text, unique)
        except ValueError:
            parsed = _parse(_LENIENT.sub(_spelled_out, text), unique)
    except ValueError as error:
        raise Unreadable("not_json", f"not JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise Unreadable("not_json", f"not a JSON object: {_shown(parsed)}")
    if isinstance(parsed, _Repeated):
        raise Rejection("not_json", f"field '{parsed.key}' stands twice in one record")
    return parsed


def _parse(text: str, unique: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Any:
    """Parse strict JSON of any depth. Raises ValueError."""
    if text.count("[") + text.count("{") > _SHALLOW:
        text = _flattened(text)
    return json.loads(
        text,
        object_pairs_hook=unique,
        parse_constant=_refuse_constant,
        parse_int=_Integer,
        parse_float=_Decimal,
    )


def _flattened(text: str) -> str:
    """Replace deeply nested values by 0, after checking that they are JSON. Raises ValueError."""
    parts: list[list[str]] = [[]]
    for piece in _TOKENS.findall(text):
        if piece in "[{":
            parts.append([piece])
        elif piece in "]}" and len(parts) > 1:
            value = "".join(parts.pop()) + piece
            if len(parts) > _SHALLOW:
                json.loads(value, parse_constant=_refuse_constant)
                value = " 0 "  # which makes no number together with what stands beside it
            parts[-1].append(value)
        else:
            parts[-1].append(piece)
    return "".join("".join(part) for part in parts[:_SHALLOW])


def _spelled_out(match: re.Match[str]) -> str:
    """Rewrite a leniency of the bulk path as strict JSON of the same value."""
    if match["comma"]:
        return ",0" if match["end"] == "]" else ',"":0'
    return json.dumps(_NO_NUMBER) if match["word"] else match[0]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def judge(record: bytes, fields: Sequence[Field]) -> Record | Rejection:
    """Return what is staged of a record, or why it is rejected."""
    try:
        return accept(decode(record, fields), fields)
    except Rejection as why:
        return why


def accept(record: Mapping[str, Any], fields: Sequence[Field]) -> Record:
    """Return what is staged of a parsed record, with its text not mended yet.

    Raises Rejection for the first field that breaks its rule.
    """
    accepted = {}
    for field in fields:
        value = record.get(field.key) if field.key else None
        if value is not None:
            value = _ACCEPT[field.type](field, value)
        if field.required and (value is None or value == ""):
            raise Rejection("missing", f"field '{field.key}' is required and is not there")
        accepted[field.column] = value
    if accepted.get("page") == PLAY_PAGE:
        keys = {field.column: field.key for field in fields}
        for column in PLAY_REQUIRES:
            if accepted[column] is None:
                raise Rejection(
                    "missing",
                    f"field '{keys[column] or column}' is required when page is {PLAY_PAGE}",
                )
    return accepted


def _accept_text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_type(field, value)
    text = value.rstrip(" ")
    try:
        width = len((mended(text) if field.mends else text).encode("utf-8"))
    except UnicodeEncodeError:
        raise Rejection("encoding", f"field '{field.key}' holds half a surrogate pair") from None
    if "\0" in text:
        raise Rejection("encoding", f"field '{field.key}' holds U+0000: {_shown(value)}")
    if width > field.width:
        raise Rejection(
            "too_long",
            f"field '{field.key}' takes {width} bytes of at most {field.width}: {_shown(value)}",
        )
    if field.values and text not in field.values:
        allowed = " or ".join(field.values)
        raise Rejection("range", f"field '{field.key}' must be {allowed}: {_shown(value)}")
    return text


def _accept_integer(field: Field, value: Any) -> int:
    if isinstance(value, float) and abs(value) != float("inf") and not value.is_integer():
        raise _wrong_type(field, value)
    return int(_number(field, value))


def _accept_user_id(field: Field, value: Any) -> int | None:
    if not isinstance(value, str):
        return _accept_integer(field, value)
    digits = value.rstrip(" ")
    if digits == "":
        return None
    if not (digits.isascii() and digits.isdigit()):
        raise _wrong_type(field, value)
    return int(_number(field, _Integer(digits.lstrip("0") or "0")))


_ACCEPT: dict[Type, Callable[[Field, Any], Any]] = {
    Type.TEXT: _accept_text,
    Type.TEXT_OR_NUMBER: lambda field, value: _accept_text(field, getattr(value, "literal", value)),
    Type.INTEGER: _accept_integer,
    Type.USER_ID: _accept_user_id,
    Type.DOUBLE: lambda field, value: float(_number(field, value)) + 0.0,  # of -0.0: 0.0
    Type.TIMESTAMP: _accept_integer,
}


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(field, value)
    if not field.low <= value <= field.high:
        bounds = f"{field.low:,.15g} to {field.high:,.15g}"
        raise Rejection("range", f"field '{field.key}' must be {bounds}: {_shown(value)}")
    return value


def _wrong_type(field: Field, value: Any) -> Rejection:
    return Rejection("type", f"field '{field.key}' must be {field.type.value}: {_shown(value)}")


def _shown(value: Any) -> str:
    text = getattr(value, "literal", None) or json.dumps(value, ensure_ascii=True)
    text = text.replace(json.dumps(_NO_NUMBER), "NaN")
    return text if len(text) <= _SHOWN_VALUE_CHARACTERS else text[:_SHOWN_VALUE_CHARACTERS] + "..."


def raw_text(line: bytes) -> str:
    """Return a rejected record as text: at most RAW_TEXT_BYTES bytes of UTF-8, no trailing blanks.

    Bytes that are not UTF-8, and U+0000, which no VARCHAR of Redshift takes, become U+FFFD.
    """
    line = line.rstrip(b" \t\r\n\f\v")
    text = line[: RAW_TEXT_BYTES + 4].decode("utf-8", errors="replace").replace("\0", "\ufffd")
    return text.encode("utf-8")[:RAW_TEXT_BYTES].decode("utf-8", errors="ignore")


def as_staged(record: Record, fields: Sequence[Field]) -> tuple[Any, ...]:
    """Return an accepted record as a row of its staging table: text mended, timestamps datetime."""

    def staged(field: Field) -> Any:
        value = record[field.column]
        if value is None:
            return None
        if field.type is Type.TIMESTAMP:
            return _EPOCH + timedelta(milliseconds=value)
        return mended(value) if field.mends else value

    return tuple(map(staged, fields))


def as_line(record: Record, fields: Sequence[Field]) -> bytes:
    """Return an accepted record as a line from which the bulk path stages the same row."""
    return json.dumps({field.key: record[field.column] for field in fields if field.key}).encode()


def as_json(row: Sequence[Any], fields: Sequence[Field]) -> str:
    """Return a row of a staging table as a JSON record that would be staged as this row."""
    record = {}
    for field, value in zip(fields, row, strict=True):
        if field.type is Type.TIMESTAMP and value is not None:
            value = (value - _EPOCH) // timedelta(milliseconds=1)
        record[field.key] = value
    return json.dumps(record, ensure_ascii=False)


# Good records, recognized by a typed decoder: the strict path copies their bytes

_ODD_ESCAPE = re.compile(rb"\\u(?:00[0-7]|[dD][89a-fA-F])")
"""U+0000, half of a surrogate pair, or ASCII: it may hide a known key."""
_BYTES_A_CHARACTER = 4


class LineJudge:
    """Turns a record into a line that the bulk path stages, or into a Rejection.

    A record that passes a typed decoder is its own line; the validator judges the others.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        import msgspec  # only a load with doubtful files needs it

        self._fields = fields
        there = [field for field in fields if field.key]
        struct: Any = msgspec.defstruct(
            "Record",
            [(field.column, _type(field), msgspec.UNSET) for field in there],
            rename={field.column: field.key for field in there},
            gc=False,
        )
        self._decode = msgspec.json.Decoder(struct).decode
        self._values, self._unset = msgspec.structs.astuple, msgspec.UNSET
        self._errors = (msgspec.DecodeError, RecursionError)
        keys = b"|".join(re.escape(field.key.encode()) for field in there)
        self._keys = re.compile(rb'"(?:%s)"' % keys)
        self._size = len(there)
        places = {field.column: place for place, field in enumerate(there)}
        self._required = [places[field.column] for field in there if field.required]
        self._texts = [places[field.column] for field in there if field.required and field.width]
        # A column that the JSONPaths file leaves out counts as unset: -1, the last value.
        self._play = [places.get(column, -1) for column in ("page", "userid", "level")]

    def __call__(self, record: bytes) -> bytes | Rejection:
        """Return the line for a record, or why it cannot be staged."""
        if not _is_odd(record) and self._passes(record):
            return record
        outcome: Record | Rejection = judge(record, self._fields)
        return outcome if isinstance(outcome, Rejection) else as_line(outcome, self._fields)

    def _passes(self, record: bytes) -> bool:
        """Return whether a record that is not odd surely breaks no rule."""
        try:
            values = (*self._values(self._decode(record)), self._unset)
        except self._errors:
            return False
        unset = self._unset
        for place in self._required:
            if values[place] is unset:
                return False
        for place in self._texts:
            if values[place][-1:] in ("", " "):
                return False
        page, user, level = self._play
        if values[page] == PLAY_PAGE and not (values[user] and values[level]):
            return False
        if record.count(b'":') == self._size - values.count(unset) + 1:
            return True
        keys = self._keys.findall(record)  # an unknown field, a key twice, or text like a key
        return len(keys) == len(set(keys))


def _is_odd(record: bytes) -> bool:
    """Return whether a record holds what the decoder does not see."""
    if not record.isascii():
        try:
            record.decode("utf-8")
        except UnicodeDecodeError:
            return True
    if b"\\u" in record and _ODD_ESCAPE.search(record):
        return True
    return any(blank in record for blank in (b" :", b"\t:", b"\r:", b"\n:"))


def _type(field: Field) -> Any:
    """Return the msgspec type of a field: it may refuse good values, but accepts no bad one."""
    from msgspec import Meta, UnsetType

    kind: Any
    if field.values:
        kind = Literal[field.values]
    elif field.width:
        kind = Annotated[str, Meta(max_length=field.width // _BYTES_A_CHARACTER)]
    elif field.type is Type.USER_ID:
        digits = Annotated[str, Meta(pattern=r"^(?:0|[1-9][0-9]{0,11})?\Z")]
        kind = digits | Annotated[int, Meta(ge=int(field.low), le=int(field.high))]
    elif field.type is Type.DOUBLE:
        kind = Annotated[float, Meta(ge=field.low, le=field.high)]
    else:
        kind = Annotated[float, Meta(ge=field.low, le=field.high, multiple_of=1)]
    return kind | UnsetType if field.required else kind | None | UnsetType
