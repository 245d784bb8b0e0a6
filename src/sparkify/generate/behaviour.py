"""How listeners behave: hours of the day, pages, and the chances of moving between them.

Pages and chances are those of eventsim's example configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal, TypeVar

import numpy as np

from .words import Flags, Floats, Integers

HOUR = 3_600
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1)

Level = Literal["free", "paid"]
Auth = Literal["Guest", "Logged Out", "Logged In", "Cancelled"]
Chances = dict[str, float]

_MILLISECOND = 796
_NIGHT_SHIFT = 0.0625 * DAY
_NIGHT_DROP = 0.6
_NIGHT = 3 * HOUR
_DAY_OFF_DROP = 0.5
_TAPER = 3 * HOUR
_MONDAY, _THURSDAY = 0, 3
_YEARS_KNOWN = 12
_Servers = TypeVar("_Servers", int, Integers)


# Time: more by day than by night, more on working days than on days off


def millisecond(server: _Servers) -> _Servers:
    """Return the milliseconds within a second at which a server (from 0) logs all of its events.

    They are constant in the real logs. Each server has its own, so that no two of them log an
    anonymous event at the same moment, in sessions of the same number.
    """
    return (_MILLISECOND + server) % 1_000


class Rhythm:
    """The rhythm of the days from a first day on, for twelve years; moments: seconds since 1970."""

    def __init__(self, start: date) -> None:
        self._first = (start - EPOCH).days - 1
        days = [start + timedelta(days=day - 1) for day in range(_YEARS_KNOWN * 366)]
        holidays = {day for year in range(_YEARS_KNOWN + 2) for day in _holidays(start.year + year)}
        self._off = np.array([day.isoweekday() > 5 or day in holidays for day in days], np.float64)

    def warp(self, moments: Floats) -> Floats:
        """Shift moments out of the night and towards the afternoon; their order is kept."""
        return moments + _NIGHT_SHIFT * np.sin(2 * np.pi * (moments % DAY - _NIGHT) / DAY)

    def drop(self, moments: Floats) -> Floats:
        """Return the probability that a session due at each moment does not take place."""
        night = (1 + np.cos(2 * np.pi * (moments % DAY - _NIGHT) / DAY)) / 2
        return 1 - (1 - _NIGHT_DROP * night) * (1 - _DAY_OFF_DROP * self._day_off(moments))

    def _day_off(self, moments: Floats) -> Floats:
        """Return 1 on days off, 0 on others, and what is between in six hours around midnight."""
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
    """Return the first such weekday (0 = Monday) on or after a day."""
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)


# Pages

PLAY = "NextSong"

_REDIRECTS = (
    *("Cancel", "Login", "Logout", "Save Settings"),
    *("Submit Downgrade", "Submit Registration", "Submit Upgrade"),
)
"""Pages that redirect to another one, a second later."""

# What leaving a page changes.
_AUTH_AFTER: dict[str, Auth] = {
    "Login": "Logged In",
    "Logout": "Logged Out",
    "Submit Registration": "Logged In",
    "Cancel": "Cancelled",
}
_LEVEL_AFTER: dict[str, Level] = {"Submit Upgrade": "paid", "Submit Downgrade": "free"}

_RARE: Chances = {"About": 0.002, "Error": 0.001}
_TRANSITIONS: dict[tuple[Auth, Level], dict[str, Chances]] = {
    ("Guest", "free"): {  # not in the published logs: these chances are guesses
        "Home": {"Register": 0.30, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Register": {"Submit Registration": 0.70, "Home": 0.10, "Help": 0.02, "Error": 0.001},
        "Submit Registration": {"Home": 1.0},
        "About": {"Register": 0.30, "Home": 0.30, "Help": 0.05},
        "Help": {"Register": 0.30, "Home": 0.30, "About": 0.05},
        "Error": {"Home": 0.30},
    },
    ("Logged Out", "free"): {
        "Home": {"Login": 0.50, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Login": {"Home": 0.999},
        "Help": {"Login": 0.50, "Home": 0.30, "Help": 0.10, "Error": 0.003},
        "About": {"Login": 0.40, "Home": 0.30, "About": 0.075, "Error": 0.001},
        "Error": {"Home": 0.30},
    },
    ("Logged Out", "paid"): {
        "Home": {"Login": 0.30, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Login": {"Home": 0.999},
        "Help": {"Login": 0.03, "Home": 0.20, "Help": 0.10, "Error": 0.003},
        "About": {"Login": 0.10, "Home": 0.30, "About": 0.10, "Error": 0.001},
        "Error": {"Home": 0.30},
    },
    ("Logged In", "free"): {
        PLAY: {PLAY: 0.50, "Home": 0.02, "Logout": 0.02, "Upgrade": 0.01, "Help": 0.005}
        | {"Settings": 0.005} | _RARE,
        "Home": {PLAY: 0.60, "Settings": 0.02, "Home": 0.01, "Upgrade": 0.01, "Logout": 0.01}
        | {"Help": 0.002} | _RARE,
        "Upgrade": {PLAY: 0.325, "Submit Upgrade": 0.30, "Home": 0.10, "Upgrade": 0.07}
        | {"Logout": 0.01, "Help": 0.006} | _RARE,
        "Submit Upgrade": {"Home": 1.0},
        "Settings": {PLAY: 0.30, "Save Settings": 0.20, "Home": 0.10, "Settings": 0.10}
        | {"Help": 0.05, "Upgrade": 0.01, "Logout": 0.01, "Cancel": 0.005} | _RARE,
        "Save Settings": {"Home": 0.65, "Settings": 0.10},
        "Help": {PLAY: 0.32, "Home": 0.20, "Help": 0.10, "Settings": 0.05, "Upgrade": 0.01}
        | {"Logout": 0.01} | _RARE,
        "About": {PLAY: 0.30, "Home": 0.20, "About": 0.05, "Upgrade": 0.01, "Logout": 0.01}
        | {"Help": 0.01, "Error": 0.001},
        "Error": {PLAY: 0.30, "Home": 0.10, "Help": 0.01, "Logout": 0.01} | _RARE,
        "Logout": {"Home": 1.0},
        "Cancel": {"Cancellation Confirmation": 0.999},
    },
    ("Logged In", "paid"): {
        PLAY: {PLAY: 0.925, "Home": 0.02, "Downgrade": 0.01, "Logout": 0.01, "Help": 0.005}
        | {"Settings": 0.005} | _RARE,
        "Home": {PLAY: 0.85, "Settings": 0.02, "Downgrade": 0.01, "Home": 0.01, "Logout": 0.01}
        | {"Help": 0.002} | _RARE,
        "Downgrade": {PLAY: 0.63, "Home": 0.10, "Downgrade": 0.07, "Submit Downgrade": 0.01}
        | {"Logout": 0.01, "Help": 0.006} | _RARE,
        "Submit Downgrade": {"Home": 0.999},
        "Settings": {PLAY: 0.60, "Save Settings": 0.20, "Help": 0.05, "Home": 0.05}
        | {"Settings": 0.05, "Downgrade": 0.01, "Logout": 0.01, "Cancel": 0.005} | _RARE,
        "Save Settings": {"Home": 0.80, "Settings": 0.10},
        "Help": {PLAY: 0.75, "Home": 0.10, "Help": 0.05, "Settings": 0.02, "Downgrade": 0.01}
        | {"Logout": 0.01} | _RARE,
        "About": {PLAY: 0.40, "Home": 0.20, "About": 0.05, "Downgrade": 0.01, "Logout": 0.01}
        | {"Help": 0.01, "Error": 0.001},
        "Error": {PLAY: 0.20, "Home": 0.10, "Help": 0.01, "Logout": 0.01} | _RARE,
        "Logout": {"Home": 0.999},
        "Cancel": {"Cancellation Confirmation": 0.999},
    },
    ("Cancelled", "free"): {"Cancellation Confirmation": {}},
    ("Cancelled", "paid"): {"Cancellation Confirmation": {}},
}  # fmt: skip
"""Per page the probability of each next page; what is missing from 1 ends the session."""

_FIRST: dict[tuple[Auth, Level], Chances] = {
    ("Guest", "free"): {"Home": 100, "Register": 30, "About": 20, "Help": 10, "Error": 5},
    ("Logged Out", "free"): {"Home": 1000, "Login": 500, "Help": 10, "About": 10, "Error": 1},
    ("Logged Out", "paid"): {"Home": 1000, "Login": 500, "Help": 10, "About": 10, "Error": 1},
    ("Logged In", "free"): {PLAY: 1500, "Home": 1000, "Help": 10, "About": 5, "Error": 1},
    ("Logged In", "paid"): {PLAY: 1750, "Home": 1000, "Help": 5, "About": 5, "Error": 1},
}
"""Weights of the pages on which a session begins."""


# States


@dataclass(frozen=True)
class State:
    """A listener on a page, as a row of the logs has it. No page: between two sessions."""

    auth: Auth
    level: Level
    page: str = ""

    @property
    def method(self) -> str:
        """HTTP method."""
        return "PUT" if self.page in (PLAY, *_REDIRECTS) else "GET"

    @property
    def status(self) -> int:
        """HTTP status."""
        return 307 if self.page in _REDIRECTS else 404 if self.page == "Error" else 200

    def following(self) -> tuple[list[State], list[float]]:
        """Return the states that may follow, the pause last, and the cumulative chances.

        The pause has no chance of its own: it gets what is missing from 1.
        """
        auth = _AUTH_AFTER.get(self.page, self.auth)
        level = _LEVEL_AFTER.get(self.page, self.level)
        if self.page:
            chances = _TRANSITIONS[self.auth, self.level][self.page]
        else:
            weights = _FIRST.get((auth, level), {})
            total = sum(weights.values())
            chances = {page: weight / total for page, weight in weights.items()}
        states = [State(auth, level, page) for page in chances]
        return [*states, State(auth, level)], list(accumulate(chances.values()))


STATES = tuple(
    State(auth, level, page)
    for (auth, level), pages in _TRANSITIONS.items()
    for page in ("", *pages)
)
"""All states; elsewhere they are known by their places in here."""

NUMBER = {state: number for number, state in enumerate(STATES)}
REGISTERING = NUMBER[State("Guest", "free", "Submit Registration")]
GONE = np.array([NUMBER[State("Cancelled", "free")], NUMBER[State("Cancelled", "paid")]])
IS_PAUSE: Flags = np.array([not state.page for state in STATES])
IS_PLAY: Flags = np.array([state.page == PLAY for state in STATES])
IS_CANCELLATION: Flags = np.array([state.page == "Cancellation Confirmation" for state in STATES])
IS_REDIRECT: Flags = np.array([state.page in _REDIRECTS for state in STATES])
IS_ANONYMOUS: Flags = np.array([state.auth in ("Guest", "Logged Out") for state in STATES])
"""Where the logs do not name the user."""
IS_PAID: Flags = np.array([state.level == "paid" for state in STATES])


def _tables() -> tuple[Integers, Floats]:
    """Return per state what may follow (states, n + 1) and the cumulative chances (states, n)."""
    following = [state.following() for state in STATES]
    width = max(len(chances) for _, chances in following)
    nexts = np.zeros((len(STATES), width + 1), np.int64)
    limits = np.full((len(STATES), width), np.inf)
    for number, (states, chances) in enumerate(following):
        nexts[number, : len(states)] = [NUMBER[state] for state in states]
        limits[number, : len(chances)] = chances
        if IS_PAUSE[number] and chances:
            limits[number, len(chances) - 1] = np.inf  # a session has at least one page
    return nexts, limits


_NEXTS, _LIMITS = _tables()


def follow(states: Integers, chances: Floats) -> Integers:
    """Turn states and numbers from 0 up to 1 into the states that follow."""
    steps = (_LIMITS[states] <= chances[:, None]).sum(axis=1)
    following: Integers = _NEXTS[states, steps]
    return following
