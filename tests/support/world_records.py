"""The records of generated worlds: good ones, repeated ones, bad ones, and how they are spelled.

A record maps field names to JSON values; a value of type Raw is JSON text already.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from oracle_fields import Kind

Record = dict[str, Any]


class Raw(str):
    """JSON text, to be written as it is."""

    __slots__ = ()


# Few of each, so that they meet: the same key, the same moment, the same song under two ids.

WORKS = (
    ("You're The One", "Dwight Yoakam", 239.3073),
    ("You're The One", "Dwight Yoakam", 239.30731),
    ("you're the one", "Dwight Yoakam", 239.3073),
    ("Undo", "Björk", 348.57751),
    ("Undo", "Bjo\u0308rk", 348.57751),  # the same to the eye, not to the rules
    (Raw("4.6"), "Elena", 200),
    ("4.6", "Elena", 200),
    ("🎧 / \\ \"'; --", "", 0.0),
    ("line\u2028 and\u0085 next", "tab\tand\u007f", 86_400),
    (1999, 112, 15.85587),
    ("1999", "112", 15.85587),
    ("two words  ", "a name   ", 200),
    (" two words", "%_*", 200.0),
    ("x", None, 1e-5),
)
OFTEN = (WORKS[0], WORKS[3]) * 4
NUMBERS = tuple(map(Raw, ("4.6", "1.50", "1E5", "-0", "0.0", "7e0", "1e400", "-12", "100000.0")))
"""Where a name belongs, each is the text that is written here."""
MOMENTS = (
    1541105830796,  # 2018-11-01, and close to it
    1541105830797,
    1541105831796,
    1546214400000,  # 2018-12-31: week 1 of 2019
    1546214399999,  # 2018-12-30: a Sunday
    1609459200000,  # 2021-01-01: week 53 of 2020
    1582934400001,  # 2020-02-29
)
FIRST_MOMENT, LAST_MOMENT = 946_684_800_000, 4_133_980_799_999
AGENTS = (
    '"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36"',
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1)",
    *('""', '"', '"one side', 'the other"', '""twice""', '"inside  "  ', "", "   ", None),
)
PLACES = ("Lansing-East Lansing, MI", "İstanbul", "München  ", "", " ", None, 27)
ENCODED_TWICE = "é" * 512  # too wide until it is mended
WIDE = ("é" * 512, "é" * 512 + "   ", "🎧" * 256, "e" * 1024, "é" * 511 + "e")
TOO_WIDE = (
    "é" * 512 + "e",
    "\u20ac" + "é" * 512,
    "🎧" * 256 + ".",
    " " * 1024 + "e",
    "e" * 1025 + " ",
)
WHOLE_NUMBERS = {
    *("ts", "registration", "sessionId", "itemInSession", "status", "userId", "year", "num_songs")
}
UNKNOWN = (
    *('"extra": 1e999', '"extra": {"ts": 1, "ts": 2, "page": [null]}', '"extra": "é 🎧 \\u00e9"'),
    *(
        '"x": "\\ud800\\u0000"',
        '"x": [[[{}]]]',
        '"x": 1, "x": 2',
        '"": ""',
        '"TS": 5',
        '"userid": "x"',
        '"PAGE": null',
    ),
    *('"sessionid": true', '"Title": 7', '"Song_id": null', '"DURATION": []', '"ts ": 1'),
)


def event(random: Random, quirks: frozenset[str]) -> Record:
    """A good record of a log file."""
    title, artist, length = random.choice(OFTEN + WORKS)
    page = random.choice(("NextSong", "NextSong", "NextSong", "NextSong ", "Home", "Next Song"))
    user = random.choice((2, 2, 3, 7, 10))
    record: Record = {
        "artist": artist,
        "auth": random.choice(("Logged In", "Logged Out", "")),
        "firstName": random.choice(("Ada", "Zoë", "O'Neil", 3, "", None)),
        "gender": random.choice(("F", "M", None)),
        "itemInSession": random.randrange(6),
        "lastName": random.choice(("Frye", "Summers ", "ß", None)),
        "length": length,
        "level": random.choice(("free", "paid", "paid ")),
        "location": random.choice(PLACES),
        "method": random.choice(("PUT", "GET")),
        "page": page,
        "registration": random.choice((Raw("1540919166796.0"), 1540344794796, None)),
        "sessionId": random.randrange(5),
        "song": title,
        "status": random.choice((200, 307, 404)),
        "ts": random.choice((*MOMENTS, 1541105830000 + random.randrange(10**9))),
        "userAgent": random.choice(AGENTS),
        "userId": random.choice((str(user), user, f"{user:04}", f"{user} ")),
    }
    if "shared sessions" in quirks:  # one moment, one number, one place: several listeners
        record |= {"sessionId": 0, "ts": random.choice(MOMENTS[:4]), "itemInSession": 0}
    if not page.startswith("NextSong") and random.random() < 0.5:
        record["userId"] = random.choice(("", "  ", None))
        record["level"] = random.choice(("free", None))
    vary(record, random, quirks, {"artist", "firstName", "length", "registration", "song"})
    if "extremes" in quirks and random.random() < 0.3:
        to_an_end(record, EXTREME_EVENTS, random)
    if "wide texts" in quirks and random.random() < 0.2:
        record["userAgent"] = random.choice(WIDE) * 2
    odd_names(record, random, quirks, ("artist", "song", "firstName", "lastName", "location"))
    return record


EXTREME_EVENTS: dict[str, tuple[Any, ...]] = {
    "ts": (FIRST_MOMENT, LAST_MOMENT),
    "registration": (FIRST_MOMENT, Raw("4.133980799999e12")),
    "sessionId": (9_000_000_000_000, 0, Raw("9e12")),
    "itemInSession": (999_999, 0),
    "status": (0, 999, Raw("-0")),
    "userId": ("9000000000000", 0, "0" * 30 + "7", Raw("-0.0")),
    "length": (0, Raw("-0.0"), 86_400, Raw("86400.0"), Raw("5e-324")),
    "artist": (0, Raw("123456789012345678901234567890"), -5),
    "page": ("é" * 32, "e" * 64 + " " * 9),
}


def song(random: Random, quirks: frozenset[str]) -> Record:
    """A good record of a song file."""
    title, artist, duration = random.choice(OFTEN + WORKS)
    record: Record = {
        "num_songs": 1,
        "artist_id": random.choice(("AR1", "AR2", "AR3 ", "ar1")),
        "artist_latitude": random.choice((42.73, -33, None)),
        "artist_longitude": random.choice((-84.55, 151.2, None)),
        "artist_location": random.choice(PLACES),
        "artist_name": random.choice((artist, artist, artist, "another name")),
        "song_id": random.choice(("SO1", "SO2", "SO3", "so1", "SOé", "SO1 ", "SO20")),
        "title": title,
        "duration": duration,
        "year": random.choice((0, 0, 1982, 2004, None)),
    }
    vary(record, random, quirks, {"artist_name", "artist_location", "year", "num_songs"})
    if "extremes" in quirks and random.random() < 0.3:
        to_an_end(record, EXTREME_SONGS, random)
    if "wide texts" in quirks and random.random() < 0.1:
        record["title"] = random.choice(WIDE)
    odd_names(record, random, quirks, ("artist_name", "title", "artist_location"))
    return record


EXTREME_SONGS: dict[str, tuple[Any, ...]] = {
    "year": (1, 9999, Raw("0.0"), Raw("-0")),
    "num_songs": (0, 9999),
    "artist_latitude": (-90, 90, Raw("-0.0"), Raw("90.0")),
    "artist_longitude": (-180, 180, 0),
    "duration": (0, 86_400, Raw("-0.0"), Raw("239.30730000000000000000001")),
    "song_id": ("é" * 32, "S" * 64 + "  ", "\u007f", "😀", "\uffff"),
    "artist_id": ("A" * 64, "'; DROP TABLE songs; --"),
}


def vary(record: Record, random: Random, quirks: frozenset[str], optional: set[str]) -> None:
    """What both kinds of record share, changed in place: fields left out, wide texts."""
    if "missing fields" in quirks and random.random() < 0.3:
        for field in random.sample(sorted(optional), random.randint(1, len(optional))):
            if random.random() < 0.5:
                del record[field]
            else:
                record[field] = None
    if "wide texts" in quirks and random.random() < 0.2:
        record["location" if "location" in record else "artist_location"] = random.choice(WIDE)


def odd_names(
    record: Record, random: Random, quirks: frozenset[str], names: tuple[str, ...]
) -> None:
    """Names that are numbers, and names that were encoded twice or more often, in place."""
    for name in names:
        if "numbers for names" in quirks and random.random() < 0.1:
            record[name] = random.choice(NUMBERS)
        value = record.get(name)
        if "encoded twice" in quirks and type(value) is str and random.random() < 0.4:
            for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
                value = value.encode().decode("latin-1")
            record[name] = value
    if "encoded twice" in quirks and "wide texts" in quirks and random.random() < 0.1:
        record[random.choice(names)] = ENCODED_TWICE.encode().decode("latin-1")


def to_an_end(record: Record, extremes: dict[str, tuple[Any, ...]], random: Random) -> None:
    """Bring a field to one end of its range, in place."""
    field = random.choice(sorted(extremes))
    record[field] = random.choice(extremes[field])


def repeated(kind: Kind, earlier: Record, record: Record, random: Random) -> Record:
    """An earlier record once more: as it was, or with a little, or with all but its key changed."""
    if random.random() < 0.4:
        return earlier
    key = KEYS[kind]
    if random.random() < 0.5:
        return record | {field: earlier[field] for field in key}
    field = random.choice([field for field in record if field not in (*key, "page", "level")])
    return earlier | {field: record[field]}


KEYS: dict[Kind, tuple[str, ...]] = {
    "events": ("ts", "userId", "sessionId", "itemInSession"),
    "songs": ("song_id",),
}
BAD_EVENTS: dict[str, tuple[Any, ...]] = {
    "ts": (None, "1541105830796", 1541105830, FIRST_MOMENT - 1, LAST_MOMENT + 1, 1.5, True, -1),
    "registration": ("", 1540919166796.5, 0, [], False),
    "sessionId": (None, "7", -1, 9_000_000_000_001, 0.5, True, Raw("1e400")),
    "itemInSession": (None, "0", 1_000_000, 1.0000001, {}),
    "status": (True, "200", 1000, -1, 200.5),
    "userId": ("abc", " 7", "-5", "+5", "1e3", "٣", "7\t", 7.5, -1, "9000000000001", [7], True),
    "page": (None, "", "   ", 7, ["NextSong"], "e" * 65, True),
    "level": ("gold", "", "FREE", " free", 1, ["paid"]),
    "auth": (7, "é" * 33),
    "gender": (False, 1),
    "artist": (True, ["a"], {"a": 1}, *TOO_WIDE, "a\0b", Raw('"\\ud800"'), Raw("7" * 1025)),
    "song": (Raw("NaN"), [], Raw('"\\udc00\\ud800"'), *TOO_WIDE),
    "userAgent": (7, "é" * 1025),
    "length": ("239.3073", -0.00001, 86_400.001, Raw("1e999"), "NaN", True),
}
BAD_SONGS: dict[str, tuple[Any, ...]] = {
    "song_id": (None, "", "  ", 7, "S" * 65, ["SO1"]),
    "artist_id": (None, "", 7, "é" * 33),
    "title": (None, "", " ", False, True, *TOO_WIDE),
    "duration": (None, "200", -1, 86_401, Raw("-1e999"), [200]),
    "year": (-1, 10_000, "1982", 1982.5, True),
    "num_songs": ("1", -1, 0.5),
    "artist_latitude": (90.0001, -91, "42", False),
    "artist_longitude": (180.5, -181, "", {}),
    "artist_name": ("a\0", *TOO_WIDE, []),
}


def spoiled(kind: Kind, record: Record, random: Random) -> Record:
    """The record with one or two fields that break a rule."""
    bad = BAD_EVENTS if kind == "events" else BAD_SONGS
    fields = random.sample(list(bad), random.choice((1, 1, 2)))
    return record | {field: random.choice(bad[field]) for field in fields}


def bad_line(kind: Kind, record: Record, random: Random) -> bytes:
    """What is no good record, made of one, and is not completed by what follows on its line.

    Most are no whole object; some are one, with something in it that is no JSON.
    """
    line = spelled(record, random, frozenset())
    known = b'"ts":' if kind == "events" else b'"title":'
    return random.choice(
        (
            *(line[: len(line) // 2], line[:-1], line + b"x", b"[" + line + b"]", line + b","),
            *(b"null", b"7", b'"text"', b"x", b"{", b'{"a": ' + line, b"\0" * 9, b"\0x"),
            line.replace(known, known + b" 1, " + known, 1),
            line.replace(known, known.replace(b"t", b"\\u0074") + b" 1, " + known, 1),
            line.replace(b"{", b'{"extra": 01, ', 1),
            line.replace(b"{", b'{"extra": "a\tb", ', 1),
            line.replace(b"{", b'{"extra": "\xff", ', 1),
            line.replace(b"{", b'{"\xc3": "overlong \xc0\xaf", ', 1),
            line.replace(b"{", b"{'extra': 1, ", 1),
            line.replace(b"{", b"{,", 1),
        )
    )


def lenient(record: Record, random: Random) -> bytes:
    """A record that is no JSON by the letter and passes all the same."""
    line = spelled(record, random, frozenset())
    extra = random.choice((b"NaN", b"-inf", b"Infinity", b"[1,]", b'{"a":[],}'))
    return random.choice((line[:-1] + b",}", line[:-1] + b', "extra": ' + extra + b"}"))


def spelled(record: Record, random: Random, quirks: frozenset[str]) -> bytes:
    """A record as one line of JSON, in UTF-8."""
    members = [
        (f'"{name}"', json.dumps(value) if type(value) is not Raw else value)
        for name, value in record.items()
    ]
    colon, comma = ":", ","
    if "spellings" in quirks:
        members = [
            (key_text(name, random), value_text(name, value, random))
            for name, value in record.items()
        ]
        random.shuffle(members)
        colon, comma = random.choice(((":", ","), (": ", ", "), (" :\t", " , ")))
    texts = [f"{name}{colon}{value}" for name, value in members]
    if "unknown fields" in quirks and random.random() < 0.4:
        texts.insert(random.randrange(len(texts)), random.choice(UNKNOWN))
    return ("{" + comma.join(texts) + "}").encode()


def key_text(name: str, random: Random) -> str:
    if random.random() < 0.02:
        return f'"\\u{ord(name[0]):04x}{name[1:]}"'
    return f'"{name}"'


def value_text(name: str, value: Any, random: Random) -> str:
    """One of the ways to write a value; a name in digits has only one."""
    if isinstance(value, Raw):
        return value
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    if isinstance(value, str):
        return text.replace("/", random.choice(("/", "\\/", "\\u002F")))
    if isinstance(value, float):
        return random.choice((text, f"{value:.17e}", f"{value:.17E}"))
    if type(value) is int and name in WHOLE_NUMBERS:
        return random.choice((text, text, f"{value}.0", f"{value}e0", f"{value}00E-2"))
    return text
