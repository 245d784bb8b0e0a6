"""What is no JSON by the letter and is let through behind the first 1,000 records of a log file.

docs/rules.md says so; here it is measured, class by class. Each class is a file in which nothing
else is wrong, once with the bad line among the first 1,000 records and once behind them.
"""

from __future__ import annotations

from pathlib import Path

from loading import Place
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
"""Exactly these are let through, and only behind the first 1,000 records."""


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
    """Load every class at both places."""
    del scale  # there are no more classes
    files: dict[str, tuple[str, File]] = {}
    for number, (name, line) in enumerate(classes().items()):
        for where, before in (("early", 10), ("late", 1_030)):
            mine = line.replace(b'"itemInSession":0', b'"itemInSession":%d' % number)
            if where == "late":
                mine = mine.replace(b'"sessionId":1', b'"sessionId":2')
            content = b"\n".join([*SHARED[:before], mine, *SHARED[before : before + 5]])
            uri = f"log_data/{where}/{number}.json"
            files[uri] = (name, File(uri, "events", content))
    song = File(
        "song_data/1.json", "songs", b'{"song_id":"S","artist_id":"A","title":"T","duration":1}'
    )
    place = Place(folder)
    place.write([song, *(file for _, file in files.values())])
    report = place.load()
    _, rejects = place.state(report["run_id"])
    found = {(path, line) for path, line, reason in rejects if reason != "conflict"}
    staged = accept([song, *(file for _, file in files.values())])
    must = {(one.uri, one.line) for one in staged.rejects}
    through = {(files[uri][0], uri.split("/")[1]) for uri, _ in must - found}
    early = sorted(name for name, where in through if where == "early")
    late = {name for name, where in through if where == "late"}
    other = [f"{name} is let through" for name in sorted(late - KNOWN)]
    other += [f"{name} is not let through any more" for name in sorted(KNOWN - late)]
    return [
        tried(FAMILY, "classes tried", len(files) / 2, 100),
        none(FAMILY, "let through among the first 1,000 records", early),
        exactly(FAMILY, "let through behind them", len(late), len(KNOWN), other),
        none(FAMILY, "good records rejected", (f"{uri}, line {n}" for uri, n in found - must)),
    ]
