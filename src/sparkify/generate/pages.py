"""The pages of Sparkify and how listeners move between them: eventsim's example configuration."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import Literal

Level = Literal["free", "paid"]
Auth = Literal["Guest", "Logged Out", "Logged In", "Cancelled"]
_Chances = dict[str, float]

PLAY = "NextSong"

_REDIRECTS = (
    *("Cancel", "Login", "Logout", "Save Settings"),
    *("Submit Downgrade", "Submit Registration", "Submit Upgrade"),
)
_AUTH_AFTER: dict[str, Auth] = {
    "Login": "Logged In",
    "Logout": "Logged Out",
    "Submit Registration": "Logged In",
    "Cancel": "Cancelled",
}
_LEVEL_AFTER: dict[str, Level] = {"Submit Upgrade": "paid", "Submit Downgrade": "free"}

# What is missing from 1 ends the session. Guests are not in the published logs: theirs are guesses.
_GUEST: dict[str, _Chances] = {
    "Home": {"Register": 0.30, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
    "Register": {"Submit Registration": 0.70, "Home": 0.10, "Help": 0.02, "Error": 0.001},
    "Submit Registration": {"Home": 1.0},
    "About": {"Register": 0.30, "Home": 0.30, "Help": 0.05},
    "Help": {"Register": 0.30, "Home": 0.30, "About": 0.05},
    "Error": {"Home": 0.30},
}
_LOGGED_OUT: dict[Level, dict[str, _Chances]] = {
    "free": {
        "Home": {"Login": 0.50, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Login": {"Home": 0.999},
        "Help": {"Login": 0.50, "Home": 0.30, "Help": 0.10, "Error": 0.003},
        "About": {"Login": 0.40, "Home": 0.30, "About": 0.075, "Error": 0.001},
        "Error": {"Home": 0.30},
    },
    "paid": {
        "Home": {"Login": 0.30, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Login": {"Home": 0.999},
        "Help": {"Login": 0.03, "Home": 0.20, "Help": 0.10, "Error": 0.003},
        "About": {"Login": 0.10, "Home": 0.30, "About": 0.10, "Error": 0.001},
        "Error": {"Home": 0.30},
    },
}
_RARE: _Chances = {"About": 0.002, "Error": 0.001}
_LOGGED_IN: dict[Level, dict[str, _Chances]] = {
    "free": {
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
    "paid": {
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
}  # fmt: skip
_FIRST: dict[tuple[Auth, Level], _Chances] = {
    ("Guest", "free"): {"Home": 100, "Register": 30, "About": 20, "Help": 10, "Error": 5},
    ("Logged Out", "free"): {"Home": 1000, "Login": 500, "Help": 10, "About": 10, "Error": 1},
    ("Logged Out", "paid"): {"Home": 1000, "Login": 500, "Help": 10, "About": 10, "Error": 1},
    ("Logged In", "free"): {PLAY: 1500, "Home": 1000, "Help": 10, "About": 5, "Error": 1},
    ("Logged In", "paid"): {PLAY: 1750, "Home": 1000, "Help": 5, "About": 5, "Error": 1},
}


class State:
    """A listener on a page: what a row of the logs says of it, and where it may lead.

    after: the (auth, level) in which the listener leaves the page.
    """

    __slots__ = (
        "_chances",
        "_nexts",
        "after",
        "auth",
        "is_anonymous",
        "is_play",
        "level",
        "method",
        "page",
        "status",
    )

    def __init__(self, auth: Auth, level: Level, page: str) -> None:
        self.auth = auth
        self.level = level
        self.page = page
        self.is_anonymous = auth in ("Guest", "Logged Out")
        self.is_play = page == PLAY
        self.method = "PUT" if self.is_play or page in _REDIRECTS else "GET"
        self.status = 404 if page == "Error" else 307 if page in _REDIRECTS else 200
        self.after = _AUTH_AFTER.get(page, auth), _LEVEL_AFTER.get(page, level)
        self._chances: list[float] = []
        self._nexts: list[State | None] = []

    def lead(self, chances: list[float], nexts: list[State | None]) -> None:
        """Set where this may lead: cumulative chances, and one page more than chances."""
        self._chances, self._nexts = chances, nexts

    def follow(self, chance: float) -> State | None:
        """Turn a number from 0 up to 1 into the next page; None: the session ends."""
        return self._nexts[bisect(self._chances, chance)]


def _build() -> dict[tuple[Auth, Level, str], State]:
    tables: dict[tuple[Auth, Level], dict[str, _Chances]] = {
        ("Guest", "free"): _GUEST,
        **{("Logged Out", level): table for level, table in _LOGGED_OUT.items()},
        **{("Logged In", level): table for level, table in _LOGGED_IN.items()},
        **{("Cancelled", level): {"Cancellation Confirmation": {}} for level in _LOGGED_IN},
    }
    states = {
        (auth, level, page): State(auth, level, page)
        for (auth, level), table in tables.items()
        for page in table
    }
    for (auth, level, page), state in states.items():
        chances = tables[auth, level][page]
        nexts = [states[(*state.after, name)] for name in chances]
        state.lead(list(accumulate(chances.values())), [*nexts, None])
    return states


STATES = _build()

FIRST_PAGES = {
    entry: (list(weights), list(accumulate(weights.values()))) for entry, weights in _FIRST.items()
}
"""The pages on which a session may begin, with cumulative weights, by (auth, level)."""
