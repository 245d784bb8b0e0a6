"""What is no JSON by the letter and is let through, wherever it stands.

docs/rules.md says so; here it is measured, class by class. Each class is a file in which nothing
else is wrong, once with the odd line among the first records and once behind the first 1,000; and
the same two files with a broken line behind it. All four must come to the same.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from duckdb_warehouse import Place
from oracle import File, accept

from .bad_files import ODD_VALUES, SHARED
from .figures import Figure, Scale, exactly, none, tried

FAMILY = "leniencies"
_RECORD = b'"sessionId":1,"itemInSession":%d,"ts":1542837407796,"page":"Home","userId":"7"'
KNOWN = {
    *("a comma before }", "a comma and a blank before }", "a comma before ] in an unknown field"),
    "a comma before } in an unknown field",
    *("[1,] in an unknown field", '{"a":1,} in an unknown field'),
    "513 levels, with the record itself",
    *("a form feed behind the record", "a form feed before the record", "a form feed alone"),
    *("a vertical tab behind the record", "a vertical tab before the record"),
    *(
        f"{word} in an unknown field"
        for word in ("NaN", "-NaN", "nan", "Infinity", "-Infinity", "inf", "-inf")
    ),
}
"""Exactly these are let through, everywhere."""


_UNKNOWN = {
    "a control character": b'"a\x01"',
    "no UTF-8": b'"a\xff"',
    "half a surrogate pair": b'"\\ud800"',
    "an unknown escape": b'"\\x"',
    "U+0000": b'"\\u0000"',
    "a key twice": b'1,"x":2',
    "a number out of range": b"1e999",
}


def classes() -> dict[str, bytes]:
    """One line for each way not to be JSON; {n} in a name would be no line of its own."""
    good = b"{" + _RECORD % 0 + b"}"
    found = {
        "a comma before }": good[:-1] + b",}",
        "a comma and a blank before }": good[:-1] + b", }",
        "two commas before }": good[:-1] + b",,}",
        "a comma behind {": b"{," + good[1:],
        "two commas between": good.replace(b',"ts"', b',,"ts"'),
        "a comma behind the record": good + b",",
        "a comma before ] in an unknown field": good[:-1] + b',"x":[1,]}',
        "a comma before } in an unknown field": good[:-1] + b',"x":{"a":1,}}',
        "a comma alone in an unknown field": good[:-1] + b',"x":[,]}',
        "a comment": good[:-1] + b"/**/}",
        "a comment behind the record": good + b"//",
        "single quotes": good.replace(b'"Home"', b"'Home'"),
        "a key without quotes": good.replace(b'"ts"', b"ts"),
        "two records on a line": good + good,
        "a brace too many": good + b"}",
        "no brace at the end": good[:-1],
        "a known key twice": good[:-1] + b',"ts":1542837407796}',
        "a byte order mark": b"\xef\xbb\xbf" + good,
        "a form feed behind the record": good + b"\x0c",
        "a control character in a text": good.replace(b"Home", b"Ho\x01me"),
        "no UTF-8 in a text": good.replace(b"Home", b"Ho\xffme"),
        "half a surrogate pair": good.replace(b"Home", b"Ho\\ud800me"),
        "a form feed before the record": b"\x0c" + good,
        "a form feed between members": good.replace(b',"ts"', b',\x0c"ts"'),
        "a form feed alone": b"\x0c",
        "a vertical tab behind the record": good + b"\x0b",
        "a vertical tab before the record": b"\x0b" + good,
        "513 levels, with the record itself": good[:-1] + b',"x":' + b"[" * 512 + b"]" * 512 + b"}",
        "a blank of other alphabets behind the record": good + b"\xc2\xa0",
        "a zero byte behind the record": good + b"\0",
        "a text behind the record": good + b"x",
    }
    for name, value in _UNKNOWN.items():
        found[f"{name} in an unknown field"] = good[:-1] + b',"x":' + value + b"}"
    for value in ODD_VALUES:
        if len(value) > 12:
            continue
        text = value.decode("utf-8", "backslashreplace")
        found[f"{text} in an unknown field"] = good[:-1] + b',"x":' + value + b"}"
        found[f"{text} in a staged field"] = good[:-1] + b',"length":' + value + b"}"
    return found


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Load every class at every place."""
    del scale  # there are no more classes
    files: dict[str, tuple[str, File]] = {}
    wheres = [(before, bad) for before in (10, 1_030) for bad in (False, True)]
    for number, (name, line) in enumerate(classes().items()):
        for session, (before, bad) in enumerate(wheres, 1):
            mine = line.replace(b'"itemInSession":0', b'"itemInSession":%d' % number)
            mine = mine.replace(b'"sessionId":1', b'"sessionId":%d' % session)
            lines = [*SHARED[:before], mine, *SHARED[before : before + 5], *[b'{"x'] * bad]
            uri = f"log_data/{before}/{bad}/{number}.json"
            files[uri] = (name, File(uri, "events", b"\n".join(lines)))
    song = File(
        "song_data/1.json", "songs", b'{"song_id":"S","artist_id":"A","title":"T","duration":1}'
    )
    every = [song, *(file for _, file in files.values())]
    place = Place(folder)
    place.write(every)
    report = place.load()
    _, rejects = place.state(report["run_id"])
    found = Counter((path, line, reason) for path, line, reason in rejects if reason != "conflict")
    rejected = {(path, line) for path, line, _ in found}
    fates: dict[str, set[bool]] = {}
    for uri, (name, _) in files.items():
        before = int(uri.split("/")[1])
        fates.setdefault(name, set()).add((uri, before + 1) in rejected)
    through = {name for name, fate in fates.items() if fate == {False}}
    odd = {name for name in through if is_odd(name)}
    other = [f"{name} is let through" for name in sorted(odd - KNOWN)]
    other += [f"{name} is not let through any more" for name in sorted(KNOWN - odd)]
    must = {(one.uri, one.line) for one in accept(every).rejects}
    return [
        tried(FAMILY, "classes tried", len(fates), 100),
        none(
            FAMILY,
            "let through at one place and not at another",
            sorted(name for name, fate in fates.items() if len(fate) > 1),
        ),
        exactly(FAMILY, "let through", len(odd), len(KNOWN), other),
        none(
            FAMILY, "otherwise than the rules say", [f"{u}, line {n}" for u, n in rejected ^ must]
        ),
    ]


def is_odd(name: str) -> bool:
    """Whether Python's own reader, told to refuse NaN, does not take a class as one object."""

    def refuse(word: str) -> float:
        raise ValueError(word)

    try:
        json.loads(classes()[name].strip(b" \t\r"), parse_constant=refuse)
    except RecursionError:
        return True
    except ValueError:
        return name not in SEVERAL
    return name.startswith("513 levels")


SEVERAL = {"two records on a line", "a byte order mark"}
"""No leniency: these are records by the rules."""
