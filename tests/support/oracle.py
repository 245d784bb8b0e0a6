"""The rules of the data a second time: naive plain Python, one record after the other.

No SQL, no engine, nothing of the product: what the loader does with set operations, this does with
dictionaries. It is slow and it is meant to be read beside the rules that it spells out. How bytes
become records: oracle_records; what a record may hold: oracle_fields; what is JSON: strict_json.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from oracle_fields import DAY, FIELDS, Kind, Row, is_mended, milliseconds, record
from oracle_records import File, Piece, is_listed, pieces

__all__ = ["File", "Piece", "Row", "is_listed", "is_mended", "milliseconds", "pieces", "record"]

Star = dict[str, list[Row]]

COLUMNS: dict[Kind, list[str]] = {
    "events": [*(name.lower() for name in FIELDS["events"]), "event_ms"],
    "songs": [name.lower() for name in FIELDS["songs"]],
}


@dataclass(frozen=True)
class Reject:
    """A bad record (conflicts aside); where several things are bad, any of the reasons is right.

    line: 0 where the damage of a gzip has no place.
    """

    uri: str
    line: int
    reasons: frozenset[str]
    place: int = 1


@dataclass
class Tally:
    """Counts of one kind. repeated: records that met their key again, duplicates and conflicts.

    weight: of the rejected ones, for the limit. mended: records that were not as they are staged.
    """

    read: int = 0
    rejected: int = 0
    repeated: int = 0
    weight: int = 0
    mended: int = 0


@dataclass
class Staged:
    """Everything ever accepted, and everything ever rejected.

    mend: text that was encoded twice is mended.
    """

    rows: dict[Kind, dict[Row, Row]] = field(default_factory=lambda: {"events": {}, "songs": {}})
    rejects: list[Reject] = field(default_factory=list)
    tally: dict[Kind, Tally] = field(default_factory=lambda: {"events": Tally(), "songs": Tally()})
    seen: dict[Kind, dict[Row, Counter[Row]]] = field(
        default_factory=lambda: {"events": {}, "songs": {}}
    )
    mend: bool = True

    def conflicts(self, kind: Kind) -> tuple[int, int]:
        """The least and the most conflicts that some order of arrival can give."""
        contested = [rows for rows in self.seen[kind].values() if len(rows) > 1]
        return sum(len(rows) - 1 for rows in contested), sum(r.total() - 1 for r in contested)

    def copy(self) -> Staged:
        """A copy that further files leave as it is."""
        return copy.deepcopy(self)


def order(row: Row) -> Row:
    """What makes one row greater than another: column by column, NULL lowest, text by bytes."""
    return tuple(
        (value is not None, value.encode() if isinstance(value, str) else value) for value in row
    )


def key_and_rank(kind: Kind, row: Row) -> tuple[Row, Row]:
    """The key of a staged row; what decides which of two rows with one key stays."""
    if kind == "events":
        event = dict(zip(COLUMNS["events"], row, strict=True))
        listener = -1 if event["userid"] is None else event["userid"]
        key = (event["event_ms"], listener, event["sessionid"], event["iteminsession"])
        return key, order(row)
    return (row[COLUMNS["songs"].index("song_id")],), order(row)


def accept(files: Iterable[File], staged: Staged | None = None) -> Staged:
    """Take files in their order of arrival, into what was staged before (changed in place)."""
    staged = staged or Staged()
    for file in files:
        if not is_listed(file.uri):
            continue
        tally, rows = staged.tally[file.kind], staged.rows[file.kind]
        for piece in pieces(file):
            row, wrong = None, piece.wrong
            if not wrong:
                row, wrong = record(file.kind, piece.content, mend=staged.mend)
            tally.read += 1
            if row is None:
                tally.rejected += 1
                tally.weight += piece.weight
                reject = Reject(file.uri, piece.line, wrong, piece.place)
                staged.rejects.append(reject)
                continue
            tally.mended += staged.mend and is_mended(file.kind, piece.content)
            key, rank = key_and_rank(file.kind, row)
            staged.seen[file.kind].setdefault(key, Counter())[row] += 1
            tally.repeated += key in rows
            if key not in rows or rank > key_and_rank(file.kind, rows[key])[1]:
                rows[key] = row
    return staged


def refused(before: Staged, after: Staged) -> bool:
    """Whether a load that rejected records of a kind would leave none of that kind staged."""
    return any(
        tally.rejected > before.tally[kind].rejected and not after.rows[kind]
        for kind, tally in after.tally.items()
    )


# The star schema, as a function of what is staged.


def named(staged: Staged, kind: Kind) -> list[dict[str, Any]]:
    """The staged rows of a kind, their columns by name."""
    return [dict(zip(COLUMNS[kind], row, strict=True)) for row in staged.rows[kind].values()]


def plays_of(staged: Staged) -> list[dict[str, Any]]:
    """The events that are plays, the newest last."""
    plays = [event for event in named(staged, "events") if event["page"] == "NextSong"]
    return sorted(plays, key=lambda one: (one["event_ms"], one["sessionid"], one["iteminsession"]))


def star(staged: Staged) -> Star:
    """The rows of songplays, users, songs, artists and time, in no order."""
    songs = named(staged, "songs")
    for song in songs:
        song["year"] = song["year"] or None
    plays = plays_of(staged)
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


def songplay_id(play: dict[str, Any]) -> str:
    return "-".join(
        str(play[name]) for name in ("event_ms", "userid", "sessionid", "iteminsession")
    )


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


# What a warehouse holds besides.


def newest_plays(staged: Staged) -> list[Row]:
    """Of each listener and level the newest play."""
    numbers = ("userid", "level", "event_ms", "sessionid", "iteminsession")
    newest = {(play["userid"], play["level"]): play for play in plays_of(staged)}
    return [tuple(play[name] for name in numbers) for play in newest.values()]


def sessions(staged: Staged) -> list[Row]:
    """Runs of events of one listener under one number, with no more than a day between two."""
    events = [event for event in named(staged, "events") if event["userid"] is not None]
    events.sort(key=lambda one: (one["userid"], one["sessionid"], one["event_ms"]))
    found: list[Row] = []
    for number, same in groupby(events, lambda one: (one["userid"], one["sessionid"])):
        runs: list[list[dict[str, Any]]] = []
        for event in same:
            if not runs or event["event_ms"] - runs[-1][-1]["event_ms"] > DAY:
                runs.append([])
            runs[-1].append(event)
        found += [(*number, n, *session(run)) for n, run in enumerate(runs, 1)]
    return found


def session(run: list[dict[str, Any]]) -> Row:
    """When a session began and ended, and how many events and plays it has."""
    ends = (run[0]["event_ms"], run[-1]["event_ms"], run[0]["ts"], run[-1]["ts"])
    return (*ends, len(run), sum(event["page"] == "NextSong" for event in run))


def totals(staged: Staged) -> Row:
    """The running totals: events, songs, events that are plays, plays."""
    plays = len(plays_of(staged))
    return (len(staged.rows["events"]), len(staged.rows["songs"]), plays, plays)
