"""Tables of what each field of a record may hold.

The bulk path (`sql_queries/duckdb/read_events.sql`, `read_songs.sql`) states the same rules in SQL;
tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ..sources.files import Kind

MAX_ID = 9_000_000_000_000
FIRST_MOMENT_MS = 946_684_800_000
"""The first millisecond of the year 2000, UTC."""
LAST_MOMENT_MS = 4_133_980_799_999
"""The last millisecond of the year 2100, UTC."""
RAW_TEXT_BYTES = 16_384
"""How much of a rejected record is kept, in bytes of UTF-8."""


class Type(Enum):
    """The JSON that a field accepts."""

    TEXT = "a string"
    TEXT_OR_NUMBER = "a string or a number"
    INTEGER = "a whole number"
    USER_ID = "a whole number or a string of digits"
    DOUBLE = "a number"
    TIMESTAMP = "a whole number of milliseconds since 1970"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    column, key: its name in the staging table and in the JSON. low, high: the range of a number,
    inclusive. width: the longest text, in bytes of UTF-8. values: if given, the only texts allowed.
    mends: whether text that was encoded twice is mended (`mended`).
    """

    column: str
    key: str
    type: Type
    required: bool = False
    low: float = 0
    high: float = 0
    width: int = 0
    values: tuple[str, ...] = ()
    mends: bool = False


def _field(key: str, kind: Type, low: float = 0, high: float = 0, **others: Any) -> Field:
    return Field(key.lower(), key, kind, low=low, high=high, **others)


EVENT_FIELDS: tuple[Field, ...] = (
    _field("artist", Type.TEXT_OR_NUMBER, width=1024),
    _field("auth", Type.TEXT, width=64),
    _field("firstName", Type.TEXT_OR_NUMBER, width=1024),
    _field("gender", Type.TEXT, width=64),
    _field("itemInSession", Type.INTEGER, 0, 999_999, required=True),
    _field("lastName", Type.TEXT_OR_NUMBER, width=1024),
    _field("length", Type.DOUBLE, 0, 86_400),
    _field("level", Type.TEXT, width=64, values=("free", "paid")),
    _field("location", Type.TEXT_OR_NUMBER, width=1024),
    _field("method", Type.TEXT, width=64),
    _field("page", Type.TEXT, width=64, required=True),
    _field("registration", Type.TIMESTAMP, FIRST_MOMENT_MS, LAST_MOMENT_MS),
    _field("sessionId", Type.INTEGER, 0, MAX_ID, required=True),
    _field("song", Type.TEXT_OR_NUMBER, width=1024),
    _field("status", Type.INTEGER, 0, 999),
    _field("ts", Type.TIMESTAMP, FIRST_MOMENT_MS, LAST_MOMENT_MS, required=True),
    _field("userAgent", Type.TEXT, width=2048),
    _field("userId", Type.USER_ID, 0, MAX_ID),
)
"""The fields of a log event, in the order of staging_events and log_json_path.json."""
EVENT_KEYS = {field.key: field.required for field in EVENT_FIELDS}
"""Whether an event must have each key, as Sparkify's app writes them."""

SONG_FIELDS: tuple[Field, ...] = (
    _field("num_songs", Type.INTEGER, 0, 9999),
    _field("artist_id", Type.TEXT, width=64, required=True),
    _field("artist_latitude", Type.DOUBLE, -90, 90),
    _field("artist_longitude", Type.DOUBLE, -180, 180),
    _field("artist_location", Type.TEXT_OR_NUMBER, width=1024),
    _field("artist_name", Type.TEXT_OR_NUMBER, width=1024),
    _field("song_id", Type.TEXT, width=64, required=True),
    _field("title", Type.TEXT_OR_NUMBER, width=1024, required=True),
    _field("duration", Type.DOUBLE, 0, 86_400, required=True),
    _field("year", Type.INTEGER, 0, 9999),
)
"""The fields of a song, in the order of staging_songs."""

FIELDS: dict[Kind, tuple[Field, ...]] = {"events": EVENT_FIELDS, "songs": SONG_FIELDS}


def fields_of(kind: Kind, keys: Sequence[str], *, mend_text: bool = True) -> tuple[Field, ...]:
    """Return the fields of a kind, those of events with the keys of the JSONPaths file.

    keys: the JSON key of each column of staging_events; "" for one that the file leaves out.
    mend_text: whether names and places are mended where they were encoded twice.
    """
    fields = FIELDS[kind]
    if kind == "events":
        fields = tuple(replace(field, key=key) for field, key in zip(fields, keys, strict=True))
    return tuple(
        replace(field, mends=mend_text and field.type is Type.TEXT_OR_NUMBER) for field in fields
    )


PLAY_PAGE = "NextSong"
PLAY_REQUIRES = ("userid", "level")
"""A NextSong event also requires these columns."""
