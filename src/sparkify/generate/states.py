"""What listeners can be seen doing, as numbers, and what they do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from .chance import Flags, Floats, Integers
from .pages import (
    AUTH_AFTER,
    FIRST,
    LEVEL_AFTER,
    PLAY,
    REDIRECTS,
    TRANSITIONS,
    Auth,
    Chances,
    Level,
)


@dataclass(frozen=True)
class State:
    """Somebody on a page: what a row of the logs says of it. No page: between two sessions."""

    auth: Auth
    level: Level
    page: str = ""

    @property
    def is_pause(self) -> bool:
        """Whether this is between two sessions."""
        return not self.page

    @property
    def is_play(self) -> bool:
        """Whether a song is played."""
        return self.page == PLAY

    @property
    def is_redirect(self) -> bool:
        """Whether another page follows at once."""
        return self.page in REDIRECTS

    @property
    def is_anonymous(self) -> bool:
        """Whether the logs do not say who it is."""
        return self.auth in ("Guest", "Logged Out")

    @property
    def method(self) -> str:
        """HTTP method."""
        return "PUT" if self.is_play or self.is_redirect else "GET"

    @property
    def status(self) -> int:
        """HTTP status."""
        return 307 if self.is_redirect else 404 if self.page == "Error" else 200

    def following(self) -> tuple[list[State], list[float]]:
        """Tell what may follow, with cumulative chances; what is missing from 1 is the pause."""
        auth = AUTH_AFTER.get(self.page, self.auth)
        level = LEVEL_AFTER.get(self.page, self.level)
        chances = (
            TRANSITIONS[self.auth, self.level][self.page] if self.page else _first(auth, level)
        )
        states = [State(auth, level, page) for page in chances]
        return [*states, State(auth, level)], list(accumulate(chances.values()))


def _first(auth: Auth, level: Level) -> Chances:
    weights = FIRST.get((auth, level), {})
    total = sum(weights.values())
    return {page: weight / total for page, weight in weights.items()}


def _all_states() -> Iterator[State]:
    for (auth, level), pages in TRANSITIONS.items():
        yield State(auth, level)
        for page in pages:
            yield State(auth, level, page)


STATES = tuple(_all_states())
"""All states; elsewhere they are known by their places in here."""

NUMBER = {state: number for number, state in enumerate(STATES)}
REGISTERING = NUMBER[State("Guest", "free", "Submit Registration")]
GONE = np.array([NUMBER[State("Cancelled", "free")], NUMBER[State("Cancelled", "paid")]])
IS_PAUSE: Flags = np.array([state.is_pause for state in STATES])
IS_PLAY: Flags = np.array([state.is_play for state in STATES])
IS_REDIRECT: Flags = np.array([state.is_redirect for state in STATES])
IS_ANONYMOUS: Flags = np.array([state.is_anonymous for state in STATES])
IS_PAID: Flags = np.array([state.level == "paid" for state in STATES])


def _tables() -> tuple[Integers, Floats]:
    """Give for each state what may follow (states, n + 1), with cumulative chances (states, n)."""
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
