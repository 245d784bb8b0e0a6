"""Good records with something done to their bytes."""

from __future__ import annotations

import json
from random import Random

from bulk_and_strict import BASE, ODD_NUMBERS, ODD_TEXTS
from sparkify.sources.files import Kind
from sparkify.staging.rules import FIELDS

_TOKENS = (
    *(b'"', b"\\", b"\\u", b"\\u0000", b"\\ud800", b"\\/", b"\\x", b"null", b"true", b"'", b"#"),
    *(b",", b":", b"{", b"}", b"[", b"]", b"-", b"+", b".", b"e", b"0", b"9", b"//", b"/*x*/"),
    *(b" ", b"\t", b"\r", b"\0", b"\x0b", b"\x0c", b"\x1a", b"\x1f", b"\x7f", b"\xff", b"\xc3"),
    *(b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8"),
    *(b'"ts":1,', b'"TS":1,', b'"title":"x",', b'"page":null,', b'"":1,', b'"x":{"ts":1,"ts":2},'),
    *(b"NaN", b"-inf", b",}", b"}{", b"[1,]", b"1e999"),
)
_LENGTHS = (1, 1, 2, 5, 20, 400)


def mutant(kind: Kind, random: Random) -> bytes:
    """A record that begins with a brace and is one line: all else may be broken."""
    record = bytearray(_record(kind, random))
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _change(record, random)
    return bytes(record).replace(b"\n", b" ")


def _record(kind: Kind, random: Random) -> bytes:
    """A good record, in any order and spelling, perhaps with an odd value or without a field."""
    texts = {
        key: json.dumps(value, ensure_ascii=random.random() < 0.5)
        for key, value in (BASE[kind] | {"artist_name": "Bj\u00f6rk", "x": [None]}).items()
        if random.random() < 0.98
    }
    if random.random() < 0.3:
        key = random.choice(FIELDS[kind]).key
        texts[key] = random.choice((*ODD_NUMBERS[:-30], *ODD_TEXTS))
    keys = list(texts)
    if random.random() < 0.3:
        random.shuffle(keys)
    colon, comma = random.choice(((":", ","), (": ", ", "), ("\t: ", " ,")))
    return ("{" + comma.join(f'"{key}"{colon}{texts[key]}' for key in keys) + "}").encode()


def _change(record: bytearray, random: Random) -> None:
    """Flip, cut out, repeat, insert or exchange some bytes, the first one aside."""
    place = random.randrange(1, len(record) + 1)
    length = random.choice(_LENGTHS)
    match random.randrange(6):
        case 0 if place < len(record):
            record[place] ^= 1 << random.randrange(8)
        case 1:
            del record[place : place + length]
        case 2:
            record[place:place] = record[place : place + length]
        case 3:
            other = random.randrange(1, len(record) + 1)
            record[place:place], record[other:other] = record[other : other + length], b""
        case _:
            record[place:place] = random.choice(_TOKENS)
