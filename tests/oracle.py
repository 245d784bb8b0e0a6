"""The rules of the data a second time: naive plain Python, one record after the other.

No SQL, no engine, nothing of the product: what the loader does with set operations, this does with
dictionaries. It is slow and it is meant to be read beside the rules that it spells out.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from oracle_fields import FIELDS, REQUIRED, BadError, Kind, parse
from strict_json import Pairs

Row = tuple[Any, ...]
Star = dict[str, list[Row]]

COLUMNS: dict[Kind, list[str]] = {
    kind: [name.lower() for name in fields] for kind, fields in FIELDS.items()
}
BLANKS = b" \t\r\n"  # white space as JSON knows it
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00")


@dataclass(frozen=True)
class File:
    """One version of one source file. uri: any name; `.json.gz` at its end means gzip."""

    uri: str
    kind: Kind
    content: bytes


@dataclass(frozen=True)
class Reject:
    """A bad record (conflicts aside); where several things are bad, any of the reasons is right."""

    uri: str
    line: int
    reasons: frozenset[str]


@dataclass
class Tally:
    """Counts of one kind. repeated: records that met their key again, duplicates and conflicts."""

    read: int = 0
    rejected: int = 0
    repeated: int = 0


@dataclass
class Staged:
    """Everything ever accepted, and everything ever rejected."""

    rows: dict[Kind, dict[Row, Row]] = field(default_factory=lambda: {"events": {}, "songs": {}})
    rejects: list[Reject] = field(default_factory=list)
    tally: dict[Kind, Tally] = field(default_factory=lambda: {"events": Tally(), "songs": Tally()})
    seen: dict[Kind, dict[Row, Counter[Row]]] = field(
        default_factory=lambda: {"events": {}, "songs": {}}
    )

    def conflicts(self, kind: Kind) -> tuple[int, int]:
        """The least and the most conflicts that some order of arrival can give."""
        contested = [rows for rows in self.seen[kind].values() if len(rows) > 1]
        return sum(len(rows) - 1 for rows in contested), sum(r.total() - 1 for r in contested)


def record(kind: Kind, line: bytes) -> tuple[Row | None, set[str]]:
    """The staged row of one record, or None, with all that is wrong with it."""
    wrong = set()
    try:
        text = line.decode()
    except UnicodeDecodeError:
        wrong.add("encoding")
        text = line.decode(errors="replace")
    if b"\0" in line:
        return None, {"encoding"}
    try:
        members = parse(text)
    except BadError:
        return None, wrong | {"not_json"}
    if not isinstance(members, Pairs):
        return None, wrong | {"not_json"}
    row: dict[str, Any] = dict.fromkeys(FIELDS[kind])
    given: Counter[str] = Counter()
    for name, value in members:
        if name not in row:
            continue
        given[name] += 1
        if value is None:
            continue
        try:
            row[name] = FIELDS[kind][name](value)
        except BadError as bad:
            wrong.add(str(bad))
            row[name] = bad  # there, though wrong
    if any(times > 1 for times in given.values()):
        wrong.add("not_json")
    needed = REQUIRED[kind] | ({"userId", "level"} if row.get("page") == "NextSong" else set())
    if any(row[name] is None for name in needed):
        wrong.add("missing")
    return (None, wrong) if wrong else (tuple(row.values()), wrong)


def records(file: File) -> Iterator[tuple[int, bytes]]:
    """Line number and bytes of each record of a file that is text; raises BadError."""
    content = file.content
    if file.uri.endswith(".json.gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise BadError("encoding") from None
    if is_no_text(content):
        raise BadError("encoding")
    content = content.removeprefix(b"\xef\xbb\xbf")
    lines = [(n, line) for n, line in enumerate(content.split(b"\n"), 1) if line.strip(BLANKS)]
    if lines and file.kind == "songs":
        by_line = not is_object(content) and any(is_object(line) for _, line in lines)
        lines = lines if by_line else [(lines[0][0], content)]  # one object over several lines
    yield from lines


def is_object(line: bytes) -> bool:
    try:
        return b"\0" not in line and isinstance(parse(line.decode()), Pairs)
    except (BadError, UnicodeDecodeError):
        return False


def is_no_text(content: bytes) -> bool:
    """Packed by mistake; or odd bytes near the beginning, and not one JSON object there."""
    if content.startswith(PACKED):
        return True
    beginning = content.removeprefix(b"\xef\xbb\xbf")[:65_536]
    text = codecs.getincrementaldecoder("utf-8")()
    try:
        text.decode(beginning, final=len(beginning) < 65_536)
        odd = b"\0" in beginning
    except UnicodeDecodeError:
        odd = True
    return odd and not any(map(is_object, beginning.split(b"\n")))


def order(row: Row) -> Row:
    """What makes one row greater than another: column by column, NULL lowest, text by bytes."""
    return tuple(
        (value is not None, value.encode() if isinstance(value, str) else value) for value in row
    )


def key_and_rank(kind: Kind, row: Row) -> tuple[Row, Row]:
    """The key of a staged row; what decides which of two rows with one key stays."""
    if kind == "events":
        event = dict(zip(COLUMNS["events"], row, strict=True))
        return (event["sessionid"], event["iteminsession"]), (event["ts"], *order(row))
    return (row[COLUMNS["songs"].index("song_id")],), order(row)


def accept(files: Iterable[File], staged: Staged | None = None) -> Staged:
    """Take files in their order of arrival, into what was staged before (changed in place)."""
    staged = staged or Staged()
    for file in files:
        tally, rows = staged.tally[file.kind], staged.rows[file.kind]
        try:
            found = [(line, *record(file.kind, text)) for line, text in records(file)]
        except BadError as bad:
            found = [(1, None, {str(bad)})]
        for line, row, wrong in found:
            tally.read += 1
            if row is None:
                tally.rejected += 1
                staged.rejects.append(Reject(file.uri, line, frozenset(wrong)))
                continue
            key, rank = key_and_rank(file.kind, row)
            staged.seen[file.kind].setdefault(key, Counter())[row] += 1
            tally.repeated += key in rows
            if key not in rows or rank > key_and_rank(file.kind, rows[key])[1]:
                rows[key] = row
    return staged


# The star schema, as a function of what is staged.


def star(staged: Staged) -> Star:
    """The rows of songplays, users, songs, artists and time, in no order."""
    events = [dict(zip(COLUMNS["events"], r, strict=True)) for r in staged.rows["events"].values()]
    songs = [dict(zip(COLUMNS["songs"], r, strict=True)) for r in staged.rows["songs"].values()]
    for song in songs:
        song["year"] = song["year"] or None
    plays = sorted(
        (event for event in events if event["page"] == "NextSong"),
        key=lambda play: (play["ts"], songplay_id(play)),
    )
    artists = sorted(songs, key=lambda song: (song["year"] or 0, song["song_id"].encode()))
    return {
        "songplays": [songplay(play, songs) for play in plays],
        "users": list({(play["userid"], play["level"]): user(play) for play in plays}.values()),
        "songs": [
            (s["song_id"], s["title"], s["artist_id"], s["year"], s["duration"]) for s in songs
        ],
        "artists": list({song["artist_id"]: artist(song) for song in artists}.values()),
        "time": [time(start) for start in {play["ts"] for play in plays}],
    }


def songplay_id(play: dict[str, Any]) -> int:
    return int(play["sessionid"] * 1_000_000 + play["iteminsession"])


def songplay(play: dict[str, Any], songs: list[dict[str, Any]]) -> Row:
    wanted = (play["song"], play["artist"], play["length"])
    matches = [
        (song["song_id"].encode(), song["song_id"], song["artist_id"])
        for song in songs
        if None not in wanted and wanted == (song["title"], song["artist_name"], song["duration"])
    ]
    _, song_id, artist_id = min(matches, default=(b"", None, None))
    agent = play["useragent"]
    if agent is not None and len(agent) > 1 and agent[0] == agent[-1] == '"':
        agent = agent[1:-1]
    return (
        *(songplay_id(play), play["ts"], play["userid"], play["level"], song_id, artist_id),
        *(play["sessionid"], play["location"], agent),
    )


def user(play: dict[str, Any]) -> Row:
    return tuple(play[name] for name in ("userid", "firstname", "lastname", "gender", "level"))


def artist(song: dict[str, Any]) -> Row:
    location = song["artist_location"] or None
    place = (location, song["artist_latitude"], song["artist_longitude"])
    return (song["artist_id"], song["artist_name"], *place)


def time(start: datetime) -> Row:
    start = start.replace(tzinfo=UTC)
    week, weekday = start.isocalendar().week, start.isoweekday() % 7
    moment = start.replace(tzinfo=None)
    return (moment, start.hour, start.day, week, start.month, start.year, weekday)
