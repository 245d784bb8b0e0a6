"""What a record may hold, field by field; strict_json reads JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import strict_json
from strict_json import Number, Pairs

Kind = Literal["events", "songs"]
Row = tuple[Any, ...]
EPOCH = datetime(1970, 1, 1)
DAY = 86_400_000


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


def mended(text: str) -> str:
    """The text that was encoded in UTF-8 once too often, or up to three times."""
    for _ in range(3):
        signs = pairwise(text)
        if not any("\xc2" <= a <= "\xf4" and "\x80" <= b <= "\xbf" for a, b in signs):
            break
        try:
            text = bytes(map(ord, text)).decode()
        except ValueError:  # a character beyond U+00FF, or no UTF-8
            break
    return text


def string(width: int, *, name: bool = False, mend: bool = False) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if name and isinstance(value, Number):
            value = value.literal
        if not isinstance(value, str):
            raise BadError("type")
        if not is_text(value):
            raise BadError("encoding")
        text = (mended(value) if mend else value).rstrip(" ")
        if len(text.encode()) > width:
            raise BadError("too_long")
        return text

    return take


def required_string(width: int, *, name: bool = False, mend: bool = False) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if not (text := string(width, name=name, mend=mend)(value)):
            raise BadError("missing")
        return text

    return take


def moment(value: Any) -> datetime:
    milliseconds = whole_number(-(10**15), 10**15)(value)
    if not 946_684_800_000 <= milliseconds < 4_133_980_800_000:  # the years 2000 to 2100
        raise BadError("range")
    return EPOCH + timedelta(milliseconds=milliseconds)


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
Take = Callable[[Any], Any]


def _events(name: Take) -> dict[str, Take]:
    return {
        "artist": name,
        "auth": string(64),
        "firstName": name,
        "gender": string(64),
        "itemInSession": whole_number(0, 999_999),
        "lastName": name,
        "length": real_number(0, 86_400),
        "level": level,
        "location": name,
        "method": string(64),
        "page": required_string(64),
        "registration": moment,
        "sessionId": whole_number(0, ID),
        "song": name,
        "status": whole_number(0, 999),
        "ts": moment,
        "userAgent": string(2048),
        "userId": userid,
    }


def _songs(name: Take, title: Take) -> dict[str, Take]:
    return {
        "num_songs": whole_number(0, 9999),
        "artist_id": required_string(64),
        "artist_latitude": real_number(-90, 90),
        "artist_longitude": real_number(-180, 180),
        "artist_location": name,
        "artist_name": name,
        "song_id": required_string(64),
        "title": title,
        "duration": real_number(0, 86_400),
        "year": whole_number(0, 9999),
    }


def fields(*, mend: bool) -> dict[Kind, dict[str, Take]]:
    """What each field takes, in the order of the columns. mend: text encoded twice is mended."""
    name = string(1024, name=True, mend=mend)
    title = required_string(1024, name=True, mend=mend)
    return {"events": _events(name), "songs": _songs(name, title)}


FIELDS = fields(mend=True)
UNMENDED_FIELDS = fields(mend=False)
REQUIRED: dict[Kind, set[str]] = {
    "events": {"sessionId", "itemInSession", "ts", "page"},
    "songs": {"song_id", "artist_id", "title", "duration"},
}


# Records


@lru_cache(maxsize=10_000)
def record(kind: Kind, content: bytes, *, mend: bool = True) -> tuple[Row | None, frozenset[str]]:
    """The staged row of one record, or None, with all that is wrong with it."""
    wrong = set()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        wrong.add("encoding")
        text = content.decode(errors="replace")
    if b"\0" in content:
        return None, frozenset({"encoding"})
    try:
        members = parse(text)
    except BadError:
        return None, frozenset(wrong | {"not_json"})
    if not isinstance(members, Pairs):
        return None, frozenset(wrong | {"not_json"})
    fields = (FIELDS if mend else UNMENDED_FIELDS)[kind]
    row: dict[str, Any] = dict.fromkeys(fields)
    given: Counter[str] = Counter()
    for name, value in members:
        if name not in row:
            continue
        given[name] += 1
        if value is None:
            continue
        try:
            row[name] = fields[name](value)
        except BadError as bad:
            wrong.add(str(bad))
            row[name] = bad  # there, though wrong
    if any(times > 1 for times in given.values()):
        wrong.add("not_json")
    needed = REQUIRED[kind] | ({"userId", "level"} if row.get("page") == "NextSong" else set())
    if any(row[name] is None for name in needed):
        wrong.add("missing")
    if wrong:
        return None, frozenset(wrong)
    event_ms = [milliseconds(row["ts"])] if kind == "events" else []
    return (*row.values(), *event_ms), frozenset()


def is_mended(kind: Kind, content: bytes) -> bool:
    """Whether some text of a good record was encoded twice."""
    may_be = b"\\u" in content or not content.isascii()
    return may_be and record(kind, content)[0] != record(kind, content, mend=False)[0]


def milliseconds(moment: datetime) -> int:
    """A moment as the log writes it."""
    passed = moment - EPOCH
    return passed.days * DAY + passed.seconds * 1000 + passed.microseconds // 1000
