"""Everything that the report shows, read from a warehouse: answers, days, quality, the schema."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .. import analysis, quality, status
from ..analysis import NO_FILTERS, Answer, Filters
from ..quality import CheckResult
from ..sql_queries import STAR_TABLES, folder, report_queries
from ..table import Table
from ..warehouse import Reader

LEVELS = ("all", "free", "paid")
_HOURS = 24
_WEEK = 7
_COLUMN = re.compile(r"^    (?P<name>\w+) (?P<type>[A-Z]+(?: PRECISION)?)", re.MULTILINE)
_KEYS = {
    "songplays": ("songplay_id",),
    "users": ("user_id", "level"),
    "songs": ("song_id",),
    "artists": ("artist_id",),
    "time": ("start_time",),
}


@dataclass(frozen=True)
class ReportData:
    """What was read from the warehouse; no figure of it is computed a second time.

    names: whether people are named. days, hours: the rows of `listening_days`, `listening_hours`;
    rejects: samples of what was rejected. state: as `status.status` returns it. filters: the
    events that answers, days and hours are of.
    """

    names: bool
    state: Mapping[str, Any]
    answers: tuple[Answer, ...]
    checks: tuple[CheckResult, ...]
    days: Table
    hours: Table
    rejects: Table
    filters: Filters = NO_FILTERS

    @property
    def empty(self) -> bool:
        """Whether nothing was loaded."""
        return is_empty(self.state)


def is_empty(state: Mapping[str, Any]) -> bool:
    """Return whether nothing was loaded: neither an event nor a song. state: as of ReportData."""
    tables = state["tables"]
    return not tables["staging_events"] and not tables["staging_songs"]


def gather(
    reader: Reader, *, names: bool = False, filters: Filters = NO_FILTERS, own: Path | None = None
) -> ReportData:
    """Query the warehouse for everything on the page.

    names: whether the report may name people. own: the folder of the user's own questions and
    checks. Raises WarehouseError when a statement fails.
    """
    drawn = analysis.narrowed([*report_queries.values()], filters, refuse=False)
    days, hours, rejects = reader.read_all([query.sql for query in drawn])
    return ReportData(
        names=names,
        state=status.status(reader),
        answers=tuple(analysis.ask(reader, personal=names, filters=filters, own=own)),
        checks=tuple(quality.run(reader, quality.checks(own))),
        days=days,
        hours=hours,
        rejects=rejects,
        filters=filters,
    )


# The days


@dataclass(frozen=True)
class Day:
    """One day at one level ("all": at any); hours are those of the music that was served."""

    day: date
    level: str
    listeners: int
    paying: int
    plays: int
    matched: int
    hours: float
    by_hour: tuple[int, ...]


def daily(days: Table, hours: Table) -> list[Day]:
    """Join the rows of `listening_days` and `listening_hours`, in the order of days and levels."""
    plays: dict[tuple[date, str], list[int]] = defaultdict(lambda: [0] * _HOURS)
    seconds: dict[tuple[date, str], float] = defaultdict(float)
    for day, hour, level, count, heard in hours.rows:
        for one in ("all", level):
            plays[day, one][hour] += int(count)
            seconds[day, one] += float(heard)
    return [
        Day(
            day,
            level,
            int(listeners),
            int(paying),
            int(count),
            int(matched),
            seconds[day, level] / 3600,
            tuple(plays[day, level]),
        )
        for day, level, listeners, paying, count, matched in days.rows
    ]


def of_level(days: Sequence[Day], level: str) -> list[Day]:
    """Return the days of one level."""
    return [day for day in days if day.level == level]


def change(amounts: Sequence[float]) -> float | None:
    """Return the newest seven days against the seven before: 0.1 is a tenth more.

    None where there are no fourteen days, or nothing to compare with.
    """
    newest, before = sum(amounts[-_WEEK:]), sum(amounts[-2 * _WEEK : -_WEEK])
    return None if len(amounts) < 2 * _WEEK or not before else newest / before - 1


def newest_mean(amounts: Sequence[float]) -> float:
    """Return the mean of the newest seven days, or of as many as there are."""
    newest = amounts[-_WEEK:]
    return sum(newest) / len(newest)


def as_columns(days: Sequence[Day]) -> dict[str, Any]:
    """Return the days for the page, level by level, as columns: short, for there may be many.

    Days are counted from 1970; hours have two decimals.
    """
    return {
        level: {
            "day": [(one.day - date(1970, 1, 1)).days for one in chosen],
            "plays": [one.plays for one in chosen],
            "listeners": [one.listeners for one in chosen],
            "hours": [round(one.hours, 2) for one in chosen],
            "by_hour": [list(one.by_hour) for one in chosen],
        }
        for level in LEVELS
        if (chosen := of_level(days, level))
    }


# The schema


def star(rows: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the tables of the star, the fact first. rows: how many each has.

    A column says whether it is of the key, and which dimension it references ("" for none).
    """
    fact, *dimensions = STAR_TABLES
    references = {key: table for table in dimensions for key in _KEYS[table]}
    found = []
    for name in STAR_TABLES:
        query = folder("tables")[name]
        columns = [
            {
                "name": column["name"],
                "type": column["type"].lower(),
                "key": column["name"] in _KEYS[name],
                "references": references.get(column["name"], "") if name == fact else "",
            }
            for column in _COLUMN.finditer(query.sql)
        ]
        found.append(
            {"name": name, "purpose": query.purpose, "rows": rows[name], "columns": columns}
        )
    return found
