"""When people listen: by day more than by night, on working days more than on days off."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from math import cos, pi, sin

HOUR = 3_600
DAY = 24 * HOUR

_NIGHT_SHIFT = 0.0625 * DAY
_NIGHT_DROP = 0.6
_NIGHT = 3 * HOUR
_DAY_OFF_DROP = 0.5
_TAPER = 3 * HOUR
_EPOCH = date(1970, 1, 1)
_MONDAY, _THURSDAY = 0, 3


def warp(moment: float) -> float:
    """Shift a moment (seconds since 1970) out of the night and towards the afternoon.

    Order is kept: of two moments, the earlier one stays the earlier one.
    """
    return moment + _NIGHT_SHIFT * sin(2 * pi * (moment % DAY - _NIGHT) / DAY)


def drop(moment: float) -> float:
    """Tell how likely a session that would start then (seconds since 1970) does not take place."""
    night = (1 + cos(2 * pi * (moment % DAY - _NIGHT) / DAY)) / 2
    return 1 - (1 - _NIGHT_DROP * night) * (1 - _DAY_OFF_DROP * _off(moment))


def _off(moment: float) -> float:
    """Tell how much of a day off it is: 0 on working days, 1 on days off.

    It changes over in the six hours around midnight.
    """
    day, second = divmod(int(moment), DAY)
    if _TAPER <= second < DAY - _TAPER:
        return _day_off(day)
    if second < _TAPER:
        neighbour, distance = day - 1, second
    else:
        neighbour, distance = day + 1, DAY - second
    weight = 0.5 + distance / _TAPER / 2
    return _day_off(day) * weight + _day_off(neighbour) * (1 - weight)


@cache
def _day_off(day: int) -> bool:
    """Tell whether a day (counted from 1970) is on the weekend or a US public holiday."""
    then = _EPOCH + timedelta(days=day)
    return then.isoweekday() > 5 or then in _holidays(then.year)


@cache
def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    return frozenset(
        [
            *(_observed(day) for day in fixed),
            _first(_MONDAY, date(year, 1, 15)),  # Martin Luther King
            _first(_MONDAY, date(year, 2, 15)),  # Presidents
            _first(_MONDAY, date(year, 5, 25)),  # Memorial Day
            _first(_MONDAY, date(year, 9, 1)),  # Labor Day
            _first(_MONDAY, date(year, 10, 8)),  # Columbus
            _first(_THURSDAY, date(year, 11, 22)),  # Thanksgiving
        ]
    )


def _observed(day: date) -> date:
    """Move a holiday on a Sunday to the Monday after it, as it is observed."""
    return day + timedelta(days=day.isoweekday() == 7)


def _first(weekday: int, earliest: date) -> date:
    """Find the first such weekday (0 = Monday) on or after a day."""
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)
