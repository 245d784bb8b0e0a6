"""Counting while generating; in memory that does not grow with the number of events."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .pages import Level
from .people import User
from .rhythm import DAY, HOUR
from .sessions import Event


@dataclass(slots=True)
class Listener:
    """What a user has played so far. Moments are whole seconds since 1970.

    level: that of the last play. free, paid: plays by level. days: on how many days. weeks: a bit
    for each week with a play, that of the first play being bit 0. session_plays: plays in the last
    session.
    """

    user: User
    level: Level
    first_at: int
    first_paid_at: int | None = None
    last_at: int = 0
    free: int = 0
    paid: int = 0
    day: int = -1
    days: int = 0
    weeks: int = 0
    session: int = 0
    sessions: int = 0
    session_plays: int = 0

    @property
    def plays(self) -> int:
        """All plays."""
        return self.free + self.paid


class Tally:
    """Counts over the events of a world, taken in as they come, hour by hour.

    plays: by track. hourly: plays by hour, counted from 1970. lengths: total length of the plays by
    level, in units of 1e-5 s. session_sizes: how many sessions had so many plays.
    """

    def __init__(self, tracks: int) -> None:
        self.events = 0
        self.starts = 0
        self.plays = array("q", bytes(8 * tracks))
        self.hourly: Counter[int] = Counter()
        self.lengths: dict[Level, int] = {"free": 0, "paid": 0}
        self.session_sizes: Counter[int] = Counter()
        self.upgrades = 0
        self.downgrades = 0
        self.listeners: dict[int, Listener] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Count events, which follow in time on those counted before."""
        last_start = -1
        for at, session, _, user, state, track in events:
            self.events += 1
            if track is None:
                continue
            self.plays[track.number] += 1
            self.lengths[state.level] += track.length
            self.hourly[at // HOUR] += 1
            if at != last_start:
                self.starts += 1
                last_start = at
            listener = self.listeners.get(user.number)
            if listener is None:
                listener = self.listeners[user.number] = Listener(user, state.level, at)
            if listener.session != session:
                self._next_session(listener, session)
            if listener.level != state.level:
                self._next_level(listener, state.level)
            self._play(listener, at)

    def finish(self) -> None:
        """Count what had to wait for the end: the last session of each listener."""
        for listener in self.listeners.values():
            self._next_session(listener, 0)

    def _next_session(self, listener: Listener, session: int) -> None:
        if listener.session:
            self.session_sizes[listener.session_plays] += 1
            listener.sessions += 1
        listener.session, listener.session_plays = session, 0

    def _next_level(self, listener: Listener, level: Level) -> None:
        listener.level = level
        if level == "paid":
            self.upgrades += 1
        else:
            self.downgrades += 1

    @staticmethod
    def _play(listener: Listener, at: int) -> None:
        listener.last_at = at
        listener.session_plays += 1
        if listener.level == "free":
            listener.free += 1
        else:
            listener.paid += 1
            if listener.first_paid_at is None:
                listener.first_paid_at = at
        day = at // DAY
        if day != listener.day:
            listener.day = day
            listener.days += 1
            listener.weeks |= 1 << week(at) - week(listener.first_at)


def week(at: int) -> int:
    """Tell the week (Monday to Sunday) of a moment, counted from that of 1970-01-01."""
    return (at // DAY + 3) // 7
