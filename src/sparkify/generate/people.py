"""Who listens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import e, exp, sqrt
from random import Random
from typing import Generic, TypeVar

from . import words
from .names import Text, as_logged
from .pages import Auth, Level, State
from .rhythm import DAY

MILLISECONDS = 796
"""The constant part of a second that every moment in the real logs has."""

_MEAN_GAP = 90.0
_MEAN_REST = 5.0 * DAY
_MEAN_MEMBERSHIP = 36.0 * DAY
_LONGEST_MEMBERSHIP = 5 * 365 * DAY
_PAID_SHARE = 2 / 12
_LOGGED_OUT_SHARE = 1 / 11
_WOMEN_SHARE = 0.55

_T = TypeVar("_T")


class _Weighted(Generic[_T]):
    """Things to choose from, some of them more often than others."""

    def __init__(self, things: Sequence[_T], weights: Sequence[float]) -> None:
        self._things = things
        self._weights = list(accumulate(weights))

    def pick(self, random: Random) -> _T:
        return random.choices(self._things, cum_weights=self._weights)[0]


def _texts(weighted: Sequence[tuple[str, int]]) -> _Weighted[Text]:
    texts = [as_logged(text) for text, _ in weighted]
    return _Weighted(texts, [weight for _, weight in weighted])


def _ranked(names: Sequence[str]) -> _Weighted[str]:
    return _Weighted(names, [1 / (rank + 10) for rank in range(len(names))])


_WOMEN, _MEN, _LAST_NAMES = map(_ranked, (words.WOMEN, words.MEN, words.LAST_NAMES))
_METRO_AREAS = _texts(words.METRO_AREAS)
_USER_AGENTS = _texts(words.USER_AGENTS)


@dataclass(slots=True)
class User:
    """A listener. Moments are whole seconds since 1970.

    The details (up to registered) never change, but that a guest becomes registered.
    gap: mean seconds between two pages. rest: mean seconds between two sessions.
    auth, level: as they were at the end of the last page. state: the page to come; None: the first
    one of a session to come. at: when it comes. session, item: its number. song_ends: when the
    song ends that is playing.
    """

    number: int
    first_name: str
    last_name: str
    gender: str
    place: Text
    agent: Text
    registered: int
    gap: float
    rest: float
    auth: Auth
    level: Level
    state: State | None = None
    at: int = 0
    session: int = 0
    item: int = 0
    song_ends: int = 0


class People:
    """Makes up users, one after the other, numbered from 1."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"{seed} people")
        self._count = 0

    def member(self, start: int) -> User:
        """Make up a user who was registered before `start`."""
        random = self._random
        level: Level = "paid" if random.random() < _PAID_SHARE else "free"
        auth: Auth = "Logged Out" if random.random() < _LOGGED_OUT_SHARE else "Logged In"
        age = min(1 + int(random.expovariate(1 / _MEAN_MEMBERSHIP)), _LONGEST_MEMBERSHIP)
        return self._user(start - age, auth, level)

    def guest(self) -> User:
        """Make up somebody who may register one day."""
        return self._user(0, "Guest", "free")

    def _user(self, registered: int, auth: Auth, level: Level) -> User:
        random = self._random
        self._count += 1
        woman = random.random() < _WOMEN_SHARE
        return User(
            number=self._count,
            first_name=(_WOMEN if woman else _MEN).pick(random),
            last_name=_LAST_NAMES.pick(random),
            gender="F" if woman else "M",
            place=_METRO_AREAS.pick(random),
            agent=_USER_AGENTS.pick(random),
            registered=registered,
            gap=_MEAN_GAP * _factor(random),
            rest=_MEAN_REST * _factor(random),
            auth=auth,
            level=level,
        )


def _factor(random: Random) -> float:
    """Draw how a user differs from the mean: log-normal, mean 1."""
    return exp(random.gauss(0, 1)) / sqrt(e)
