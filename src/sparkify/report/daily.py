"""The figures of each day, by level: what the tiles and the explorer of the page draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..table import Table

LEVELS = ("all", "free", "paid")
_HOURS = 24
_WEEK = 7


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
    """Pick the days of one level."""
    return [day for day in days if day.level == level]


def change(amounts: Sequence[float]) -> float | None:
    """Compare the newest seven days with the seven before: 0.1 is a tenth more.

    None where there are no fourteen days, or nothing to compare with.
    """
    newest, before = sum(amounts[-_WEEK:]), sum(amounts[-2 * _WEEK : -_WEEK])
    return None if len(amounts) < 2 * _WEEK or not before else newest / before - 1


def newest_mean(amounts: Sequence[float]) -> float:
    """Return the mean of the newest seven days, or of as many as there are."""
    newest = amounts[-_WEEK:]
    return sum(newest) / len(newest)


def as_columns(days: Sequence[Day]) -> dict[str, Any]:
    """Write the days for the page, level by level, as columns: short, for there may be many.

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
