"""What each field takes: the first half of the second implementation; strict_json reads JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import strict_json
from strict_json import Number

Kind = Literal["events", "songs"]


class BadError(Exception):
    """A value, a record or a file breaks a rule; the argument is the reason."""


def parse(text: str) -> Any:
    """The value of one JSON text (RFC 8259); raises BadError, also when it is nested too deeply."""
    try:
        return strict_json.parse(text)
    except strict_json.NotJSONError:
        raise BadError("not_json") from None


def is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


# What a field takes.


def whole_number(lowest: int, highest: int) -> Callable[[Any], int]:
    def take(value: Any) -> int:
        if not isinstance(value, Number) or value.value != value.value.to_integral_value():
            raise BadError("type")
        if not lowest <= value.value <= highest:
            raise BadError("range")
        return int(value.value)

    return take


def real_number(lowest: int, highest: int) -> Callable[[Any], float]:
    def take(value: Any) -> float:
        if not isinstance(value, Number):
            raise BadError("type")
        if not lowest <= float(value.literal) <= highest:
            raise BadError("range")
        return float(value.literal)

    return take


def string(width: int, *, digits: bool = False) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if digits and isinstance(value, Number) and value.literal.lstrip("-").isdecimal():
            value = value.literal if value.value else "0"  # -0 is 0
        if not isinstance(value, str):
            raise BadError("type")
        if not is_text(value):
            raise BadError("encoding")
        text = value.rstrip(" ")
        if len(text.encode()) > width:
            raise BadError("too_long")
        return text

    return take


def required_string(width: int, *, digits: bool = False) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if not (text := string(width, digits=digits)(value)):
            raise BadError("missing")
        return text

    return take


def moment(value: Any) -> datetime:
    milliseconds = whole_number(-(10**15), 10**15)(value)
    if not 946_684_800_000 <= milliseconds < 4_133_980_800_000:  # the years 2000 to 2100
        raise BadError("range")
    return datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)


def level(value: Any) -> str:
    if (text := string(64)(value)) not in ("free", "paid"):
        raise BadError("range")
    return text


def userid(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.rstrip(" ")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()):
            raise BadError("type")
        value = Number(text)
    return whole_number(0, ID)(value)


ID = 9_000_000_000_000
NAME = string(1024, digits=True)
EVENT_FIELDS: dict[str, Callable[[Any], Any]] = {
    "artist": NAME,
    "auth": string(64),
    "firstName": NAME,
    "gender": string(64),
    "itemInSession": whole_number(0, 999_999),
    "lastName": NAME,
    "length": real_number(0, 86_400),
    "level": level,
    "location": NAME,
    "method": string(64),
    "page": required_string(64),
    "registration": moment,
    "sessionId": whole_number(0, ID),
    "song": NAME,
    "status": whole_number(0, 999),
    "ts": moment,
    "userAgent": string(2048),
    "userId": userid,
}
SONG_FIELDS: dict[str, Callable[[Any], Any]] = {
    "num_songs": whole_number(0, 9999),
    "artist_id": required_string(64),
    "artist_latitude": real_number(-90, 90),
    "artist_longitude": real_number(-180, 180),
    "artist_location": NAME,
    "artist_name": NAME,
    "song_id": required_string(64),
    "title": required_string(1024, digits=True),
    "duration": real_number(0, 86_400),
    "year": whole_number(0, 9999),
}
FIELDS: dict[Kind, dict[str, Callable[[Any], Any]]] = {"events": EVENT_FIELDS, "songs": SONG_FIELDS}
REQUIRED: dict[Kind, set[str]] = {
    "events": {"sessionId", "itemInSession", "ts", "page"},
    "songs": {"song_id", "artist_id", "title", "duration"},
}
