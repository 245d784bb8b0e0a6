"""What the naive answers share: tables as lists of rows, and how rows are grouped and ranked."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Tables = Mapping[str, list[Row]]
Question = Callable[[Tables], list[Row]]

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEK = timedelta(days=7)


def heard(tables: Tables) -> list[Row]:
    return [event for event in tables["staging_events"] if event["page"] == "NextSong"]


def by(rows: Iterable[Row], *columns: str) -> dict[Any, list[Row]]:
    """Group rows by one column's value, or by the tuple of several."""
    groups = defaultdict(list)
    for row in rows:
        key = tuple(row[column] for column in columns)
        groups[key if len(columns) > 1 else key[0]].append(row)
    return dict(groups)


def sessions(tables: Tables) -> list[list[Row]]:
    """The events of each session, in their order.

    A session is what one listener does under one number; after more than a day of nothing another
    begins.
    """
    known = (event for event in tables["staging_events"] if event["userid"] is not None)
    found: list[list[Row]] = []
    for _, events in sorted(by(known, "userid", "sessionid").items()):
        before = datetime.min
        for event in sorted(events, key=lambda event: (event["ts"], event["iteminsession"])):
            if event["ts"] - before > timedelta(days=1):
                found.append([])
            before = event["ts"]
            found[-1].append(event)
    return found


def session_plays(tables: Tables) -> list[list[Row]]:
    """The plays of each session that has some, in their order."""
    found = [
        [event for event in events if event["page"] == "NextSong"] for events in sessions(tables)
    ]
    return [plays for plays in found if plays]


def ranked(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    """Greatest count first, then by name; a name's missing parts come last."""

    def place(item: tuple[Any, int]) -> Any:
        names = item[0] if isinstance(item[0], tuple) else (item[0],)
        return -item[1], [(name is None, name or "") for name in names]

    return sorted(counts.items(), key=place)


def tied(counts: Mapping[Any, int]) -> int:
    return list(counts.values()).count(max(counts.values()))


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def distinct(rows: Iterable[Row], column: str) -> int:
    return len({row[column] for row in rows})


def whole_seconds(moment: datetime) -> int:
    return calendar.timegm(moment.timetuple())


def seconds_of(rows: Iterable[Row]) -> float:
    lengths = (row["length"] for row in rows if row["length"] is not None)
    return float(sum((Decimal(str(length)) for length in lengths), Decimal(0)))


def monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())


def part(
    tables: Tables, since: date | None = None, until: date | None = None, level: str | None = None
) -> Tables:
    """The tables as if there were only the events of a period, at a level."""

    def kept(row: Row, moment: str) -> bool:
        day = row[moment].date()
        return (
            (since is None or day >= since)
            and (until is None or day < until)
            and level in (None, row["level"])
        )

    plays = [row for row in tables["songplays"] if kept(row, "start_time")]
    heard_of = {(row["user_id"], row["level"]) for row in plays}
    return dict(tables) | {
        "staging_events": [row for row in tables["staging_events"] if kept(row, "ts")],
        "songplays": plays,
        "users": [row for row in tables["users"] if (row["user_id"], row["level"]) in heard_of],
    }
