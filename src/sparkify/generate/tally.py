"""Counting while generating, in memory that does not grow with the number of events."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

import numpy as np

from .chance import Flags, Integers
from .rhythm import DAY, HOUR, millisecond
from .sessions import NO_SONG, Events
from .states import IS_PAID

NEVER = -1
_Days = TypeVar("_Days", int, Integers)


class Tally:
    """Counts over the events of a world, taken in as they come.

    events, starts: all events; distinct moments, to the millisecond, at which a song starts.
    songs: plays by song.
    hours: plays by hour, counted from 1970. lengths: total length of the free and of the paid
    plays, in units of 1e-5 s. changes: how often a listener's level differs from that of the play
    before: to free, to paid. sessions_by_plays: how many sessions have so many plays.
    cohorts: by week, counted from that of the first day, how many listeners who played for the
    first time in it played so many weeks later; shape (weeks, weeks).

    By user: the millisecond of a second at which everything happens; plays (free, paid); sessions
    and days with plays; moments of the first, the first paid and the last play, or NEVER; whether
    the last play was a paid one.
    """

    def __init__(
        self, song_lengths: Integers, servers: Integers, first_day: int, days: int
    ) -> None:
        users = len(servers)
        self.milliseconds = millisecond(servers)
        self.events = self.starts = 0
        self.songs = np.zeros(len(song_lengths), np.int64)
        self.hours: Counter[int] = Counter()
        self.lengths = np.zeros(2, np.int64)
        self.changes = np.zeros(2, np.int64)
        self.sessions_by_plays: Counter[int] = Counter()
        self.first_week = week_of_day(first_day)
        weeks = week_of_day(first_day + days - 1) - self.first_week + 1
        self.cohorts = np.zeros((weeks, weeks), np.int64)

        self.plays = np.zeros((2, users), np.int64)
        self.sessions, self.days = np.zeros((2, users), np.int64)
        self.first_at, self.first_paid_at, self.last_at = np.full((3, users), NEVER)
        self.is_paid = np.zeros(users, np.bool_)
        self._song_lengths = song_lengths
        self._session, self._session_plays = np.zeros((2, users), np.int64)

    def add(self, events: Events) -> None:
        """Count events of one day, in the order of time, later ones than before."""
        self.events += len(events.at)
        plays = np.flatnonzero(events.song != NO_SONG)
        if not len(plays):
            return
        moments = events.at[plays] * 1_000 + self.milliseconds[events.user[plays]]
        self.starts += len(np.unique(moments))
        _count(self.hours, events.at[plays] // HOUR)
        song, is_paid = events.song[plays], IS_PAID[events.state[plays]]
        np.add.at(self.songs, song, 1)
        np.add.at(self.lengths, is_paid.astype(np.int64), self._song_lengths[song])

        by_user = np.argsort(events.user[plays], kind="stable")
        user, at, session = (
            column[plays][by_user] for column in (events.user, events.at, events.session)
        )
        is_paid = is_paid[by_user]
        is_first, is_last = _edges(user)
        np.add.at(self.plays, (is_paid.astype(np.int64), user), 1)
        self._count_sessions(user, session)
        self._count_changes(user[is_first], is_first, is_paid)
        self._count_days(user[is_first], at[is_first], int(at[0]) // DAY)
        paying, index = np.unique(user[is_paid], return_index=True)
        news = self.first_paid_at[paying] == NEVER
        self.first_paid_at[paying[news]] = at[is_paid][index[news]]
        self.last_at[user[is_last]] = at[is_last]
        self.is_paid[user[is_last]] = is_paid[is_last]

    def end_sessions(self) -> None:
        """Count what had to wait for the end of a run: the last session of each listener."""
        _count(self.sessions_by_plays, self._session_plays[self._session_plays > 0])
        self._session[:] = self._session_plays[:] = 0

    def _count_sessions(self, user: Integers, session: Integers) -> None:
        """Count sessions by their plays; the last one of each user may go on later."""
        is_first, is_last = _edges(user, session)
        user, session = user[is_first], session[is_first]
        plays = 1 + np.flatnonzero(is_last) - np.flatnonzero(is_first)
        goes_on = session == self._session[user]
        plays[goes_on] += self._session_plays[user[goes_on]]
        self._session_plays[user[goes_on]] = 0
        np.add.at(self.sessions, user[~goes_on], 1)
        is_first, is_last = _edges(user)
        ended = np.append(self._session_plays[user[is_first]], plays[~is_last])
        _count(self.sessions_by_plays, ended[ended > 0])
        self._session[user[is_last]] = session[is_last]
        self._session_plays[user[is_last]] = plays[is_last]

    def _count_changes(self, users: Integers, is_first: Flags, is_paid: Flags) -> None:
        """Count where a play is of another level than the user's play before."""
        before = np.roll(is_paid, 1)
        heard = self.last_at[users] != NEVER
        before[is_first] = np.where(heard, self.is_paid[users], is_paid[is_first])
        changed = is_paid[is_paid != before]
        self.changes += [len(changed) - changed.sum(), changed.sum()]

    def _count_days(self, users: Integers, at: Integers, day: int) -> None:
        """Count the days of users, each given once with a play on this day, and their weeks."""
        last_day = self.last_at[users] // DAY
        self.days[users] += last_day != day
        news = self.first_at[users] == NEVER
        self.first_at[users[news]] = at[news]
        first_week = week_of_day(self.first_at[users] // DAY)
        this_week = week_of_day(day)
        back = news | (week_of_day(last_day) != this_week)
        cohort = first_week[back] - self.first_week
        np.add.at(self.cohorts, (cohort, this_week - first_week[back]), 1)


def week_of_day(day: _Days) -> _Days:
    """Tell the week (Monday to Sunday) of a day; both are counted from 1970-01-01."""
    return (day + 3) // 7


def _edges(*columns: Integers) -> tuple[Flags, Flags]:
    """Return where runs of rows begin that are equal in all columns, and where they end."""
    changes = np.any([values[1:] != values[:-1] for values in columns], axis=0)
    return np.append(True, changes), np.append(changes, True)


def _count(counter: Counter[int], values: Integers) -> None:
    """Add how often each value occurs to what was counted before."""
    for value, times in zip(*np.unique(values, return_counts=True), strict=True):
        counter[int(value)] += int(times)
