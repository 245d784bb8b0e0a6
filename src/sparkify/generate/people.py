"""The listeners: who they are, how often they listen, and when new ones arrive."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import numpy as np

from . import words
from .behaviour import DAY, EPOCH, NUMBER, Auth, Level, State
from .options import DAYS_PER_YEAR, Options
from .words import Flags, Floats, Integers, Text, as_logged, exponential, stream, weighted

_MEAN_GAP = 90.0
_MEAN_REST = 5.0 * DAY
_MEAN_MEMBERSHIP = 36.0 * DAY
_LONGEST_MEMBERSHIP = 5 * 365 * DAY
_PAID_SHARE = 2 / 12
_LOGGED_OUT_SHARE = 1 / 11
_WOMEN_SHARE = 0.55
_CHOICES = 12

_FIRST_NAMES = words.WOMEN + words.MEN
_METRO_AREAS = [as_logged(name) for name, _ in words.METRO_AREAS]
_USER_AGENTS = [as_logged(name) for name, _ in words.USER_AGENTS]


class User(NamedTuple):
    """A user as in the logs.

    number: from 1. registered: whole seconds since 1970. server: from 0.
    """

    number: int
    first_name: str
    last_name: str
    gender: str
    place: Text
    agent: Text
    registered: int
    server: int


class People:
    """All users, in columns, numbered from 0: first the members, then guests who arrive later.

    Moments are whole seconds since 1970.
    members: the number of users from the start. arrives: when a user first comes (members: the
    start). entry: the pause before the first session. gap: mean seconds between two pages; rest:
    between two sessions. registered: when; a guest may do so later. server: it numbers the user's
    sessions.
    """

    def __init__(self, options: Options) -> None:
        start = (options.start - EPOCH).days * DAY
        self.members = options.first_users
        guests = list(_arrivals(options, start))
        self.size = self.members + len(guests)
        self.server = np.arange(self.size) % options.servers
        # Row by row, so that the first users are the same ones however many there are.
        chances = stream(options.seed, "who listens").random((self.size, _CHOICES)).T
        self.arrives = np.array([start] * self.members + guests, np.int64)
        self.gap = _MEAN_GAP * _log_normal(chances[0], chances[1])
        self.rest = _MEAN_REST * _log_normal(chances[2], chances[3])
        membership = np.minimum(exponential(chances[4], _MEAN_MEMBERSHIP), _LONGEST_MEMBERSHIP)
        self.registered = start - 1 - membership.astype(np.int64)
        self.entry = _entries(chances[5] < _PAID_SHARE, chances[6] < _LOGGED_OUT_SHARE)
        self.entry[self.members :] = NUMBER[State("Guest", "free")]
        is_woman = chances[7] < _WOMEN_SHARE
        women, men = _ranked(words.WOMEN, chances[8]), _ranked(words.MEN, chances[8])
        self._first_names = _quick(np.where(is_woman, women, len(words.WOMEN) + men))
        self._last_names = _quick(_ranked(words.LAST_NAMES, chances[9]))
        self._places = _quick(weighted([weight for _, weight in words.METRO_AREAS], chances[10]))
        self._agents = _quick(weighted([weight for _, weight in words.USER_AGENTS], chances[11]))

    def user(self, user: int) -> User:
        """Return a user, numbered from 0."""
        first_name = self._first_names[user]
        return User(
            number=user + 1,
            first_name=_FIRST_NAMES[first_name],
            last_name=words.LAST_NAMES[self._last_names[user]],
            gender="F" if first_name < len(words.WOMEN) else "M",
            place=_METRO_AREAS[self._places[user]],
            agent=_USER_AGENTS[self._agents[user]],
            registered=int(self.registered[user]),
            server=int(self.server[user]),
        )


def _arrivals(options: Options, start: int) -> Iterator[int]:
    """Yield when guests arrive: at random, as many a year as the growth says."""
    per_second = options.first_users * options.growth / (DAYS_PER_YEAR * DAY)
    if not per_second:
        return
    random = Random(f"{options.seed} arrivals")
    moment = start + random.expovariate(per_second)
    while moment < start + options.days * DAY:
        yield int(moment)
        moment += random.expovariate(per_second)


def _log_normal(chances: Floats, others: Floats) -> Floats:
    """Turn two series of chances into factors around 1: log-normal, sigma 1."""
    normal: Floats = np.sqrt(-2 * np.log1p(-chances)) * np.cos(2 * np.pi * others)
    return np.exp(normal - 0.5)


def _entries(is_paid: Flags, is_out: Flags) -> Integers:
    """Return the pauses of members, who pay or not, and are logged out or not."""
    levels: tuple[Level, ...] = ("free", "paid")
    auths: tuple[Auth, ...] = ("Logged In", "Logged Out")
    pauses = np.array([[NUMBER[State(auth, level)] for auth in auths] for level in levels])
    return pauses[is_paid.astype(np.int64), is_out.astype(np.int64)]


def _ranked(names: tuple[str, ...], chances: Floats) -> Integers:
    """Return the numbers of names, the first ones more often than the last ones."""
    return weighted([1 / (rank + 10) for rank in range(len(names))], chances)


def _quick(numbers: Integers) -> memoryview[int]:
    """Return numbers below 256 in a form in which single ones are read fast."""
    return memoryview(numbers.astype(np.uint8).data)
