"""Good files with something done to them: flipped, cut, spliced, doubled, tokens exchanged."""

from __future__ import annotations

import gzip
import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from oracle import File
from oracle_fields import FIELDS, Kind
from world_records import event, song, spelled

SHARED_LINES = 1_040
"""Lines with which every long log file begins; more than the program reads by the letter."""
_QUIRKS = frozenset({"missing fields", "unknown fields", "spellings", "wide texts", "extremes"})


@dataclass(frozen=True)
class Mutant:
    """A file and what was done to it; the same for the same number."""

    number: int
    done: tuple[str, ...]
    file: File

    def __str__(self) -> str:
        return f"mutant {self.number} ({self.file.uri}: {', '.join(self.done)})"


def mutant(number: int) -> Mutant:
    """Make the mutant with this number."""
    random = Random(f"mutant {number}")
    kind: Kind = "events" if number % 3 else "songs"
    content = _good(kind, number, random)
    done = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if random.random() < 0.45:
            name, change = random.choice(BYTES)
            content = change(content, random)
        else:
            name, change = random.choice(TOKENS)
            content = _in_one_line(content, random, change)
        done.append(name)
    ending = ".json"
    if random.random() < 0.2:
        name, pack = random.choice(PACKED)
        content, ending = pack(content, random)
        done.append(name)
    folder = "log_data" if kind == "events" else "song_data"
    return Mutant(number, tuple(done), File(f"{folder}/{number}{ending}", kind, content))


def _good(kind: Kind, number: int, random: Random) -> bytes:
    newline = random.choice((b"\n", b"\n", b"\r\n"))
    if kind == "songs":
        lines = [_song(number, n, random) for n in range(random.choice((1, 1, 1, 1, 2, 5)))]
        content = newline.join(lines)
        if len(lines) == 1 and random.random() < 0.3:
            content = content.replace(b',"', b"," + newline + b'  "')
        return content + random.choice((b"", newline))
    lines = [_event(number, n, random) for n in range(random.randint(1, 40))]
    if random.random() < 0.1:
        lines = [*SHARED, *lines]
    return newline.join(lines) + random.choice((b"", newline, newline * 2))


def _event(session: int, item: int, random: Random) -> bytes:
    record = event(random, _QUIRKS) | {"sessionId": session, "itemInSession": item}
    return spelled(record, random, _QUIRKS)


def _song(number: int, n: int, random: Random) -> bytes:
    return spelled(song(random, _QUIRKS) | {"song_id": f"SO{number}-{n}"}, random, _QUIRKS)


SHARED = [
    b'{"sessionId":0,"itemInSession":%d,"ts":%d,"page":"Home","userId":"%d","status":200}'
    % (n, 1_541_105_830_796 + n, n % 9)
    for n in range(SHARED_LINES)
]

Change = Callable[[bytes, Random], bytes]


def _in_one_line(content: bytes, random: Random, change: Change) -> bytes:
    """Change one line; of a long file rather one behind those that are read by the letter."""
    lines = content.split(b"\n")
    first = SHARED_LINES if len(lines) > SHARED_LINES and random.random() < 0.7 else 0
    place = random.randrange(first, len(lines))
    lines[place] = change(lines[place], random)
    return b"\n".join(lines)


# Bytes

_LENGTHS = (1, 1, 1, 2, 5, 20, 300, 5000)


def _place(content: bytes, random: Random) -> int:
    """A place anywhere; in a long file rather near its end, where few of the lines are shared."""
    if len(content) > 100_000 and random.random() < 0.6:
        return len(content) - random.randrange(min(8000, len(content)))
    return random.randrange(len(content) + 1)


def _span(content: bytes, random: Random) -> tuple[int, int]:
    place = _place(content, random)
    return place, min(len(content), place + random.choice(_LENGTHS))


def _flip(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    flipped = bytes(byte ^ 1 << random.randrange(8) for byte in content[place : place + 1])
    return content[:place] + flipped + content[place + 1 :]


def _cut_out(content: bytes, random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:first] + content[last:]


def _cut_off(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _cut_in(content: bytes, random: Random) -> bytes:
    return content[_place(content, random) :]


def _double(content: bytes, random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:last] + content[first:]


def _splice(content: bytes, random: Random) -> bytes:
    first, last = _span(content, random)
    other, _ = _span(content, random)
    return content[:other] + content[first:last] + content[other:]


def _noise(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + random.randbytes(random.choice((1, 1, 3, 30))) + content[place:]


def _odd_bytes(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + random.choice(_ODD_BYTES) + content[place:]


_ODD_BYTES = (
    *(
        b"\0",
        b"\0\0\0\0",
        b"\x01",
        b"\x07",
        b"\x0b",
        b"\x0c",
        b"\x1a",
        b"\x1b[2J",
        b"\x1f",
        b"\x7f",
    ),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3"),
    *(
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"\xc2\xa0",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"\t",
        b" ",
        b"\\",
    ),
    *(b'"', b",", b":", b"{", b"}", b"[", b"]", b"'", b"#", b"//", b"/*", b"-", b".", b"e", b"0"),
)


def _recoded(content: bytes, random: Random) -> bytes:
    text = content.decode("utf-8", "replace")
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7", "utf-8-sig"))
    return text.encode(encoding, "replace")


def _line_ends(content: bytes, random: Random) -> bytes:
    return content.replace(b"\n", random.choice((b"\r", b"\r\n", b"\n\r", b"\n\n \n", b"", b" ")))


BYTES: tuple[tuple[str, Change], ...] = (
    ("a bit flipped", _flip),
    ("a bit flipped", _flip),
    ("bytes cut out", _cut_out),
    ("the end cut off", _cut_off),
    ("the beginning cut off", _cut_in),
    ("bytes doubled", _double),
    ("bytes spliced in", _splice),
    ("noise put in", _noise),
    ("odd bytes put in", _odd_bytes),
    ("odd bytes put in", _odd_bytes),
    ("another encoding", _recoded),
    ("other line ends", _line_ends),
)

# Tokens of one line

_VALUE = re.compile(rb'(?<=:)\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)')
_MEMBER = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)')
ODD_VALUES = (
    *(b"NaN", b"-NaN", b"nan", b"Infinity", b"-Infinity", b"inf", b"-inf", b"1e999", b"-1e999"),
    *(b"01", b"+1", b".5", b"1.", b"1e", b"1e+", b"-", b"--1", b"0x10", b"1_000", b"1,5", b"1 2"),
    *(b"True", b"None", b"nul", b"nulll", b"undefined", b"true", b"false", b"null", b"''", b"'a'"),
    *(b"", b" ", b"{}", b"[]", b"[1,]", b'{"a":1,}', b'{"ts":1,"ts":2}', b'["a"]', b"[[[]]]"),
    *(b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\uD83D\\uDE00"', b'"\\x"', b'"\\u12"'),
    *(b'"a\tb"', b'"\x01"', b'"\xff"', b'"NextSong"', b'"Home"', b'"free"', b'"gold"', b'""'),
    *(b"9" * 25, b"9" * 500, b"-1", b"0", b"-0", b"-0.0", b"7.0", b"7e0", b"0.5", b"1e-400"),
    *(b'"%s"' % (b"x" * width) for width in (64, 65, 1024, 1025, 2048, 2049, 40_000)),
    *(b"[" * depth + b"]" * depth for depth in (500, 511, 512, 600, 5000)),
)


def _one(pattern: re.Pattern[bytes], line: bytes, random: Random) -> re.Match[bytes] | None:
    found = [*pattern.finditer(line)]
    return random.choice(found) if found else None


def _odd_value(line: bytes, random: Random) -> bytes:
    found = _one(_VALUE, line, random)
    new = random.choice(ODD_VALUES)
    return line[: found.start()] + new + line[found.end() :] if found else line + new


def _quoted(line: bytes, random: Random) -> bytes:
    """A number becomes a string, a string what it holds."""
    found = _one(_VALUE, line, random)
    if not found:
        return line
    value = found[0].strip()
    new = value.strip(b'"') if value.startswith(b'"') else b'"' + value + b'"'
    return line[: found.start()] + new + line[found.end() :]


def _trailing_comma(line: bytes, random: Random) -> bytes:
    closing = random.choice((b"}", b"]"))
    head, bracket, tail = line.rpartition(closing)
    return head + random.choice((b",", b", ", b",,", b" ,\t")) + bracket + tail


def _unknown_value(line: bytes, random: Random) -> bytes:
    return line.replace(b"{", b'{"unknown": ' + random.choice(ODD_VALUES) + b",", 1)


def _key_twice(line: bytes, random: Random) -> bytes:
    found = _one(_MEMBER, line, random)
    if not found:
        return line
    member = found[0]
    if random.random() < 0.4 and re.match(rb'"[a-z]', member):
        member = b'"\\u%04x' % member[1] + member[2:]
    return line.replace(b"{", b"{" + member + b",", 1)


def _without(line: bytes, random: Random) -> bytes:
    """One sign of the grammar is missing."""
    found = _one(re.compile(rb'[{}\[\]:,"]'), line, random)
    return line[: found.start()] + line[found.end() :] if found else line


def _without_member(line: bytes, random: Random) -> bytes:
    found = _one(_MEMBER, line, random)
    return line[: found.start()] + line[found.end() :].lstrip(b" ,") if found else line


def _other_key(line: bytes, random: Random) -> bytes:
    key = random.choice([*FIELDS["events"], *FIELDS["songs"]])
    names = (key, key.upper(), key.lower(), key + " ", "\\u" + key)
    found = _one(re.compile(rb'"(\w+)"(?=\s*:)'), line, random)
    if not found:
        return line
    return line[: found.start(1)] + random.choice(names).encode() + line[found.end(1) :]


def _wrapped(line: bytes, random: Random) -> bytes:
    before, after = random.choice(
        (
            *(
                (b"[", b"]"),
                (b"", b","),
                (b"(", b")"),
                (b"", b";"),
                (b"data: ", b""),
                (b"\t", b" "),
            ),
            *(
                (b"\xef\xbb\xbf", b""),
                (b"", line),
                (b"", b" " + line),
                (b"/*x*/", b""),
                (b"", b"#"),
            ),
            *((b"\x1e", b""), (b"", b"\x0c"), (b"", b"\0"), (b"{}", b""), (b'{"a":', b"}")),
        )
    )
    return before + line + after


def _reordered(line: bytes, random: Random) -> bytes:
    """Parsed by a reader that takes nearly all, and written as that writes it."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line[::-1]
    return json.dumps(value, indent=random.choice((None, 1)), sort_keys=True).encode()


TOKENS: tuple[tuple[str, Change], ...] = (
    ("an odd value", _odd_value),
    ("an odd value", _odd_value),
    ("quotes put on or taken off", _quoted),
    ("a comma too many", _trailing_comma),
    ("an unknown field", _unknown_value),
    ("a key twice", _key_twice),
    ("a sign missing", _without),
    ("a member missing", _without_member),
    ("another key", _other_key),
    ("something around the line", _wrapped),
    ("written anew", _reordered),
)

# Packed

Pack = Callable[[bytes, Random], tuple[bytes, str]]


def _packed(content: bytes, random: Random) -> bytes:
    return gzip.compress(content, random.choice((0, 1, 6)), mtime=0)


def _whole(content: bytes, random: Random) -> tuple[bytes, str]:
    return _packed(content, random), ".json.gz"


def _spoiled(content: bytes, random: Random) -> tuple[bytes, str]:
    change = random.choice((_flip, _cut_out, _cut_off, _cut_off, _double, _noise))
    return change(_packed(content, random), random), ".json.gz"


def _wrong_end(content: bytes, random: Random) -> tuple[bytes, str]:
    """The check sum or the length at the end does not fit."""
    packed = _packed(content, random)
    crc, size = struct.unpack("<II", packed[-8:])
    if random.random() < 0.5:
        crc ^= 1 << random.randrange(32)
    else:
        size ^= 1 << random.randrange(32)
    return packed[:-8] + struct.pack("<II", crc, size), ".json.gz"


def _more_behind(content: bytes, random: Random) -> tuple[bytes, str]:
    more = random.choice((b"\0" * 9, b"x", b"\x1f\x8b", content[:50], _packed(b"\n", random)))
    return _packed(content, random) + more, ".json.gz"


def _members(content: bytes, random: Random) -> tuple[bytes, str]:
    place = _place(content, random)
    return _packed(content[:place], random) + _packed(content[place:], random), ".json.gz"


def _wrong_name(content: bytes, random: Random) -> tuple[bytes, str]:
    return (content, ".json.gz") if random.random() < 0.5 else (_packed(content, random), ".json")


def _packed_twice(content: bytes, random: Random) -> tuple[bytes, str]:
    return _packed(_packed(content, random), random), ".json.gz"


PACKED: tuple[tuple[str, Pack], ...] = (
    ("packed", _whole),
    ("packed", _whole),
    ("packed and spoiled", _spoiled),
    ("packed and spoiled", _spoiled),
    ("packed with a wrong end", _wrong_end),
    ("packed with more behind it", _more_behind),
    ("packed in two members", _members),
    ("packed or named wrongly", _wrong_name),
    ("packed twice", _packed_twice),
)
