"""The rules of the data as the design tells them: written out here, for all else derives them."""

from __future__ import annotations

from bulk_and_strict import KEYS
from sparkify.sources.files import Kind
from sparkify.staging.rules import Type, fields_of

MOMENTS = 946_684_800_000, 4_133_980_799_999
"""The first millisecond of 2000 and the last of 2100."""
NUMBERS = 0, 9_000_000_000_000


def texts(kind: Kind) -> dict[str, int]:
    return {field.key: field.width for field in fields_of(kind, KEYS) if field.width}


def numbers(kind: Kind) -> dict[str, tuple[float, float]]:
    return {
        field.key: (field.low, field.high) for field in fields_of(kind, KEYS) if not field.width
    }


def test_widths() -> None:
    assert texts("events") == {
        **dict.fromkeys(["artist", "song", "location", "firstName", "lastName"], 1024),
        **dict.fromkeys(["page", "level", "auth", "method", "gender"], 64),
        "userAgent": 2048,
    }
    assert texts("songs") == {
        **dict.fromkeys(["title", "artist_name", "artist_location"], 1024),
        **dict.fromkeys(["song_id", "artist_id"], 64),
    }


def test_ranges() -> None:
    assert numbers("events") == {
        "itemInSession": (0, 999_999),
        "length": (0, 86_400),
        "registration": MOMENTS,
        "sessionId": NUMBERS,
        "status": (0, 999),
        "ts": MOMENTS,
        "userId": NUMBERS,
    }
    assert numbers("songs") == {
        "num_songs": (0, 9999),
        "artist_latitude": (-90, 90),
        "artist_longitude": (-180, 180),
        "duration": (0, 86_400),
        "year": (0, 9999),
    }


def test_what_must_be_there() -> None:
    required = {field.key for field in fields_of("events", KEYS) if field.required}
    assert required == {"itemInSession", "page", "sessionId", "ts"}
    required = {field.key for field in fields_of("songs", KEYS) if field.required}
    assert required == {"artist_id", "song_id", "title", "duration"}


def test_which_text_may_be_a_number() -> None:
    free = {one.key for one in fields_of("events", KEYS) if one.type is Type.TEXT_OR_NUMBER}
    assert free == {"artist", "song", "location", "firstName", "lastName"}
    free = {one.key for one in fields_of("songs", KEYS) if one.type is Type.TEXT_OR_NUMBER}
    assert free == {"title", "artist_name", "artist_location"}
