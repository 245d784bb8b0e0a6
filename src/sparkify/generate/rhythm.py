"""When people listen: by day more than by night, on working days more than on days off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from .chance import Floats, Integers

HOUR = 3_600
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1)
_MILLISECOND = 796

_NIGHT_SHIFT = 0.0625 * DAY
_NIGHT_DROP = 0.6
_NIGHT = 3 * HOUR
_DAY_OFF_DROP = 0.5
_TAPER = 3 * HOUR
_MONDAY, _THURSDAY = 0, 3
_YEARS_KNOWN = 12
_Servers = TypeVar("_Servers", int, Integers)


def millisecond(server: _Servers) -> _Servers:
    """Return the part of a second at which everything happens on a server, counted from 0.

    It is constant in the real logs. Every server has its own, so that no two of them log an event
    of nobody at the same moment, in sessions of the same number.
    """
    return (_MILLISECOND + server) % 1_000


class Rhythm:
    """The rhythm of a world that begins on a day, and is known for some years from then on.

    Moments are seconds since 1970.
    """

    def __init__(self, start: date) -> None:
        self._first = (start - EPOCH).days - 1
        days = [start + timedelta(days=day - 1) for day in range(_YEARS_KNOWN * 366)]
        holidays = {day for year in range(_YEARS_KNOWN + 2) for day in _holidays(start.year + year)}
        self._off = np.array([day.isoweekday() > 5 or day in holidays for day in days], np.float64)

    def warp(self, moments: Floats) -> Floats:
        """Shift moments out of the night and towards the afternoon; their order is kept."""
        return moments + _NIGHT_SHIFT * np.sin(2 * np.pi * (moments % DAY - _NIGHT) / DAY)

    def drop(self, moments: Floats) -> Floats:
        """Tell how likely sessions that would start at these moments do not take place."""
        night = (1 + np.cos(2 * np.pi * (moments % DAY - _NIGHT) / DAY)) / 2
        return 1 - (1 - _NIGHT_DROP * night) * (1 - _DAY_OFF_DROP * self._day_off(moments))

    def _day_off(self, moments: Floats) -> Floats:
        """Tell how much of a day off it is, 0 to 1: it changes in the six hours around midnight."""
        days = moments / DAY - self._first - 0.5  # from one noon to the next
        before = np.clip(np.floor(days).astype(np.int64), 0, len(self._off) - 2)
        weight = np.clip((days % 1 - 0.5) * DAY / (2 * _TAPER) + 0.5, 0, 1)
        return self._off[before] * (1 - weight) + self._off[before + 1] * weight


def _holidays(year: int) -> list[date]:
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    return [
        *(day + timedelta(days=day.isoweekday() == 7) for day in fixed),  # observed on the Monday
        _first(_MONDAY, date(year, 1, 15)),  # Martin Luther King
        _first(_MONDAY, date(year, 2, 15)),  # Presidents
        _first(_MONDAY, date(year, 5, 25)),  # Memorial Day
        _first(_MONDAY, date(year, 9, 1)),  # Labor Day
        _first(_MONDAY, date(year, 10, 8)),  # Columbus
        _first(_THURSDAY, date(year, 11, 22)),  # Thanksgiving
    ]


def _first(weekday: int, earliest: date) -> date:
    """Find the first such weekday (0 = Monday) on or after a day."""
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)
