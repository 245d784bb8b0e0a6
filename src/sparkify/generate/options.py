"""What world to generate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import exp
from typing import Any

from ..errors import UsageError

GENERATOR = 2
"""The version of the generator: to be raised when the same options give other bytes."""

USERS = 100
"""How many users there are when neither users nor events are given: the size of the real month."""

DAYS_PER_YEAR = 365.25
_DAY = timedelta(days=1)
_PAUSE = timedelta(days=1)
"""Between two runs: sessions of the same number in both are then more than 24 hours apart."""

_EARLIEST, _LATEST = date(2006, 1, 1), date(2099, 12, 31)


@dataclass(frozen=True)
class Options:
    """A world; the same options give the same bytes.

    songs: songs in the catalogue (song_data).
    users: listeners on the first day. events: instead of users, about how many events there are to
        be (within a few per cent when there are many).
    days, start: how many UTC days of logs, and the first of them.
    seed: another seed gives another world of the same kind.
    match_share: which share of the plays is of a song in the catalogue, 0 to 1; some that the logs
        misspell come on top.
    growth: how many new users a year come, as a share of the users on the first day.
    servers: how many servers the users are spread over; each counts sessions by itself, so that
        users of different ones share session numbers.
    runs: how many times the days are simulated, one run after the other with a day between them:
        the same users, but levels and session numbers begin anew.
    Raises UsageError for what cannot be.
    """

    songs: int = 15_000
    users: int | None = None
    events: int | None = None
    days: int = 30
    start: date = date(2018, 11, 1)
    seed: int = 2018
    match_share: float = 0.05
    growth: float = 0.1
    servers: int = 1
    runs: int = 1

    def __post_init__(self) -> None:
        if self.users is not None and self.events is not None:
            raise UsageError(
                "users and events are both given, and each follows from the other",
                "Give one of them.",
            )
        _in_range("songs", self.songs, 1, 10_000_000)
        _in_range("users", self.users, 1, 10_000_000)
        _in_range("events", self.events, 1, 1_000_000_000)
        _in_range("days", self.days, 1, 3_660)
        _in_range("match_share", self.match_share, 0, 1)
        _in_range("growth", self.growth, 0, 100)
        _in_range("servers", self.servers, 1, 1_000)
        _in_range("runs", self.runs, 1, 100)
        _in_range("start", self.start, _EARLIEST, _LATEST)
        _in_range("the last day", self.first_day(self.runs) - _PAUSE - _DAY, _EARLIEST, _LATEST)

    @property
    def first_users(self) -> int:
        """How many users there are on the first day."""
        if self.events is None:
            return USERS if self.users is None else self.users
        users = self.events / (self.days * _events_per_user_and_day(self.days))
        return max(1, round(users / (1 + self.growth * self.days / DAYS_PER_YEAR / 2)))

    def first_day(self, run: int) -> date:
        """Return the first day of a run, counted from 0."""
        return self.start + run * (self.days * _DAY + _PAUSE)

    @property
    def all_days(self) -> int:
        """How many days there are from the first day of the first run to the last of the last."""
        return (self.first_day(self.runs) - _PAUSE - self.start).days

    def identity(self) -> dict[str, Any]:
        """Return in JSON which world this is: what two worlds say alike is alike in every byte."""
        several = {"servers": self.servers, "runs": self.runs}
        return {
            "generator": GENERATOR,
            "options": {
                "songs": self.songs,
                "users": self.first_users,
                "days": self.days,
                "start": self.start.isoformat(),
                "seed": self.seed,
                "match_share": float(self.match_share),
                "growth": float(self.growth),
                **{name: number for name, number in several.items() if number > 1},
            },
        }


def _events_per_user_and_day(days: int) -> float:
    """Tell what the session model gives on average (measured): more, as more and more users pay.

    One user may give a hundred times as much as another.
    """
    return 2.22 + 1.7 * (1 - exp(-days / 150))


def _in_range(name: str, value: Any, low: Any, high: Any) -> None:
    if value is not None and not low <= value <= high:
        raise UsageError(
            f"{name} is {value}, and must be {low:,} to {high:,}",
            "Give a value within these bounds.",
        )
